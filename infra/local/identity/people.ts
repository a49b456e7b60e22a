/** Somebody who can sign in locally. No role and no tenant means the token has no such claim, as a provider's would not. */
export type Person = {
  readonly login: string;
  readonly name: string;
  readonly tenant?: string;
  readonly roles: readonly string[];
};

/** Two tenants, two roles, and somebody who may do nothing: enough to see every boundary hold. */
export const PEOPLE: readonly Person[] = [
  { login: 'ada', name: 'Ada', tenant: 'north', roles: ['editor'] },
  { login: 'bob', name: 'Bob', tenant: 'north', roles: ['reader'] },
  { login: 'dan', name: 'Dan', tenant: 'south', roles: ['editor'] },
  { login: 'eve', name: 'Eve', roles: [] },
];

/** The person with exactly this login. */
export function findPerson(login: string): Person | undefined {
  return PEOPLE.find((person) => person.login === login);
}

/** "north, editor", or "no role". */
export function describePerson({ tenant, roles }: Person): string {
  return roles.length === 0 ? 'no role' : [tenant, ...roles].filter((each) => each !== undefined).join(', ');
}

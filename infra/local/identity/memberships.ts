import type { IncomingMessage, ServerResponse } from 'node:http';
import { findPerson, type Person } from './people.ts';

/** Where the WorkOS API lists memberships. */
export const MEMBERSHIPS = '/user_management/organization_memberships';

/** A membership, with the members that this server reads. */
export type Membership = {
  readonly organization_id: string;
  readonly status: 'active' | 'inactive' | 'pending';
  readonly role?: { readonly slug: string };
  readonly roles?: readonly { readonly slug: string }[];
};

/** Everybody is an active member of their tenant, with their role. */
export function membershipsOf({ tenant, roles }: Person): readonly Membership[] {
  const [slug] = roles;
  if (tenant === undefined || slug === undefined) return [];
  return [{ organization_id: tenant, status: 'active', role: { slug }, roles: roles.map((each) => ({ slug: each })) }];
}

/**
 * GET /user_management/organization_memberships, filtered by user, organisation and status, for whoever has the API key
 * (https://workos.com/docs/reference/authkit/organization-membership). Only active ones are listed unless asked otherwise.
 */
export function answerMemberships(
  request: IncomingMessage,
  response: ServerResponse,
  apiKey: string,
  membershipsFor: (person: Person) => readonly Membership[],
): void {
  const { searchParams: query } = new URL(request.url ?? '', 'http://localhost');
  const mayAsk = request.headers.authorization === `Bearer ${apiKey}`;
  const [status, body] = mayAsk ? listed(query, membershipsFor) : [401, { message: 'Unauthorized' }];
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listed(
  query: URLSearchParams,
  membershipsFor: (person: Person) => readonly Membership[],
): readonly [status: number, body: unknown] {
  const user = query.get('user_id');
  const organisation = query.get('organization_id');
  if (user === null && organisation === null) return [422, { message: 'user_id or organization_id is required' }];
  const statuses = query.get('statuses')?.split(',') ?? ['active'];
  const person = findPerson(user ?? '');
  const data = (person === undefined ? [] : membershipsFor(person))
    .filter((each) => statuses.includes(each.status))
    .filter((each) => organisation === null || each.organization_id === organisation)
    .map((each, at) => ({ object: 'organization_membership', id: `om_${user}_${at}`, user_id: user, ...each }));
  return [200, { object: 'list', data, list_metadata: { before: null, after: null } }];
}

import type { Finding } from './finding.ts';

/** The ten principles, and for those that cannot be seen from outside, how they are. */
const PRINCIPLES = {
  1: { name: 'registered clients only' },
  2: { name: 'verified bearer tokens' },
  3: { name: 'the fence', how: 'call a tool, and look for USER_DATA in its result' },
  4: { name: 'HTTPS only' },
  5: { name: 'scopes', how: 'sign in with fewer scopes, and call a tool that needs more: 403' },
  6: { name: 'sign-in at the identity provider', how: 'sign in once' },
  7: {
    name: 'the audit log',
    how: 'npx gatehouse audit query --since 1h, with --outputs outputs.json for a deployed one',
  },
  8: { name: 'OAuth 2.1 with PKCE' },
  9: { name: 'discovery' },
  10: {
    name: 'a read-only database',
    how: 'npx gatehouse database check, with --role and --function for a deployed one',
  },
} as const satisfies Readonly<Record<number, { readonly name: string; readonly how?: string }>>;

/** A principle by its number. */
export type Principle = keyof typeof PRINCIPLES;

/**
 * How many of the ten were seen at work, which are not there, and how to see the rest. A principle counts when everything
 * that stands for it was looked at and nothing of that failed.
 */
export function principlesText(findings: readonly (Finding & { readonly principle: Principle })[]): string {
  const statusesOf = (number: Principle) =>
    findings.filter(({ principle }) => principle === number).map(({ status }) => status);
  const numbers = Object.keys(PRINCIPLES).map((number) => Number(number) as Principle);
  const missing = numbers.filter((number) => statusesOf(number).includes('fail'));
  const seen = numbers.filter((number) => {
    const statuses = statusesOf(number);
    return statuses.length > 0 && !statuses.some((status) => status === 'fail' || status === 'not checked');
  });
  const unseen = numbers.filter((number) => !missing.includes(number) && !seen.includes(number));
  const title = (number: Principle) => `${String(number).padStart(4)}  ${PRINCIPLES[number].name}`;
  return [
    `Principles checked live: ${seen.length}/${numbers.length}${missing.length === 0 ? '' : ', and not there yet:'}`,
    ...missing.map(title),
    'Seen only by somebody who has signed in, or from the inside:',
    ...unseen.map((number) => {
      const principle = PRINCIPLES[number];
      return 'how' in principle ? `${title(number)}: ${principle.how}` : `${title(number)}: not on loopback`;
    }),
    '',
  ].join('\n');
}

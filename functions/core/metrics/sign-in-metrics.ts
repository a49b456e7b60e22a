import { type Answered, type Appended, auditMetrics, type MetricName, type MetricsOf, one } from './metric.ts';

/** What a refusal at an address of the authorization server counts for. The end of a grant has no refusal worth a count. */
const REFUSED: Readonly<Record<string, MetricName>> = {
  '/register': 'RegistrationRefused',
  '/authorize': 'SignInRefused',
  '/consent': 'SignInRefused',
  '/callback': 'SignInRefused',
  '/token': 'TokenRefused',
};

/** Refused before anything was looked at, whoever it was: says nothing of clients and people. */
const UNSEEN: ReadonlySet<string> = new Set(['not-through-the-edge', 'switched-off']);

/**
 * What a request at the authorization server counts for. A success is what is on record and was handed out: a token's and
 * a registration's row come before their effect (`core/oauth/recorded.ts`), so the row alone would count what then
 * failed. A revocation comes before its row, so it counts whether or not the row could be written.
 */
export const signInMetrics: MetricsOf = (answered, appended) => [
  ...refusals(answered),
  ...appended.flatMap(({ event }) => eventMetrics(event, answered.status)),
  ...auditMetrics(answered, appended),
];

function refusals({ path, reason }: Answered) {
  if (reason === undefined || UNSEEN.has(reason) || !Object.hasOwn(REFUSED, path)) return [];
  const name = REFUSED[path];
  return name === undefined ? [] : [one(name)];
}

function eventMetrics({ tool, decision, reason }: Appended['event'], status: number) {
  switch (tool) {
    case 'auth:registration':
      return decision === 'allowed' && status === 201 ? [one('ClientRegistered')] : [];
    case 'auth:token':
      if (decision !== 'allowed' || status !== 200) return [];
      return [one(reason === 'authorization_code' ? 'SignInCompleted' : 'TokenRefreshed')];
    case 'auth:revocation':
      // A client that gives a grant back is allowed to; a code or token that came back is not (`refuseAndRevoke`).
      return decision === 'denied' ? [one('RefreshReuse'), one('GrantRevoked')] : [one('GrantRevoked')];
    default:
      return [];
  }
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Comparison, type Difference, expectExplained, sent, twoFaults } from './support/b-differences.ts';
import { type Oracle, startOracle } from './support/b-oracle.ts';
import {
  CHALLENGE,
  codeRequests,
  type Drawn,
  FRESH,
  LOOPBACK,
  OTHER_REDIRECT_URI,
  refreshRequests,
} from './support/b-requests.ts';
import { type Fields, type Posted, post } from './support/t-form.ts';
import { REDIRECT_URI, startTokenCloud, type TokenCloud, VERIFIER } from './support/t-token-cloud.ts';

let ours: TokenCloud;
let oracle: Oracle;

const SCOPES = ['orders:read', 'tickets:read', 'tickets:write', 'orders:refund'];
const GRANTED = { clientId: 'client-a', redirectUri: REDIRECT_URI, challenge: CHALLENGE, scope: SCOPES.slice(0, 2) };

beforeAll(async () => {
  ours = await startTokenCloud();
  const clients = [
    { id: 'client-a', redirectUris: [REDIRECT_URI, LOOPBACK] },
    { id: 'client-b', redirectUris: [OTHER_REDIRECT_URI] },
  ];
  oracle = await startOracle({ clients, resource: ours.cloud.mcpUrl, scopes: SCOPES });
}, 120_000);
afterAll(async () => {
  await oracle?.close();
  await ours?.close();
});

const resource = () => ours.cloud.mcpUrl;

/** What the request got, and what the right one gets that comes after it: whether anything was used up. */
async function outcome(endpoint: string, request: Fields, right: Fields, fresh: string): Promise<string> {
  const answerTo = (fields: Fields) => post(endpoint, withFresh(fields, fresh));
  const [first, second] = [classOf(await answerTo(request)), classOf(await answerTo(right))];
  return `${first}, then ${second.startsWith('tokens') ? 'tokens' : second}`;
}

function withFresh(fields: Fields, fresh: string): Fields {
  const put = (value: string) => (value === FRESH ? fresh : value);
  const replaced = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? put(value) : value?.map(put),
  ]);
  return Object.fromEntries(replaced);
}

function classOf({ status, body }: Posted): string {
  return status === 200 ? `tokens ${String(body.scope).split(' ').toSorted().join(' ')}` : `${status} ${body.error}`;
}

async function compared(drawn: Drawn, right: Fields, fresh: readonly [string, string]): Promise<Comparison> {
  const [mine, theirs] = await Promise.all([
    outcome(`${ours.cloud.issuer}/token`, drawn.request, right, fresh[0]),
    outcome(`${oracle.issuer}/token`, drawn.request, right, fresh[1]),
  ]);
  return { ...drawn, ours: mine, theirs };
}

const SPENT = ', then 400 invalid_grant';
const refused = (error: string) => `${error}, then tokens`;

/** In both grants. */
const BOTH: readonly Difference[] = [
  {
    ours: refused('400 invalid_target'),
    theirs: `400 invalid_target${SPENT}`,
    when: ({ faults }) => faults.includes('resource'),
    because: 'a refused request uses nothing up: the resource is looked at before the grant (RFC 8707 section 2)',
  },
  {
    ours: refused('401 invalid_client'),
    theirs: refused('400 invalid_request'),
    when: ({ request }) => !request.client_id,
    because: 'a client that does not say who it is fails to authenticate (RFC 6749 section 5.2, invalid_client)',
  },
  {
    ours: refused('401 invalid_client'),
    theirs: /^tokens .*, then 400 invalid_grant$/,
    when: sent('client_secret', 'secret'),
    because: 'a secret nobody issued is wrong, and must not be taken for authentication (RFC 6749 section 3.2.1)',
  },
];

const BOTH_REFUSE: Difference = {
  ours: /^4\d\d \w+, then tokens$/,
  theirs: /^4\d\d \w+, then (?:tokens|400 invalid_grant)$/,
  when: twoFaults,
  because: 'both refuse; which of two errors is named first is nobody’s rule (RFC 6749 section 5.2)',
};

const CODE: readonly Difference[] = [
  ...BOTH,
  {
    ours: refused('400 invalid_request'),
    theirs: refused('400 invalid_grant'),
    when: ({ request }) => !request.code_verifier,
    because: 'a required parameter is missing (OAuth 2.1 section 4.1.3, RFC 6749 section 5.2)',
  },
  {
    ours: refused('400 invalid_grant'),
    theirs: refused('400 invalid_request'),
    when: sent('code_verifier', VERIFIER.slice(1), `${VERIFIER.slice(1)} `),
    because: 'a verifier of another shape does not fit the challenge, like any other (RFC 7636 section 4.6)',
  },
  {
    ours: `tokens orders:read tickets:read${SPENT}`,
    theirs: refused('400 invalid_request'),
    when: ({ request }) => !request.redirect_uri,
    because: 'OAuth 2.1 clients send no redirect_uri here; the challenge binds the code (OAuth 2.1 section 4.1.3)',
  },
  BOTH_REFUSE,
];

const REFRESH: readonly Difference[] = [
  ...BOTH,
  {
    ours: /^tokens .*, then tokens$/,
    theirs: /^tokens .*, then 400 invalid_grant$/,
    when: ({ ours: mine, theirs }) => mine.split(',')[0] === theirs.split(',')[0],
    because: 'for ten seconds the same token gets the same successor, for a lost answer (RFC 9700 section 4.14.2)',
  },
  {
    ours: refused('400 invalid_scope'),
    theirs: `tokens orders:read${SPENT}`,
    when: sent('scope', 'orders:read orders:read'),
    because: 'a list that names a scope twice is malformed, here as at /authorize (RFC 6749 section 3.3)',
  },
  {
    ours: refused('tokens orders:read tickets:read'),
    theirs: refused('400 invalid_scope'),
    when: sent('scope', 'offline_access'),
    because: 'offline_access is about the refresh token and asks for no access of its own (OpenID Connect section 11)',
  },
  BOTH_REFUSE,
];

test('T1 to T12, three hundred codes are redeemed as at a certified server, but for what is meant', {
  timeout: 120_000,
}, async () => {
  const right = {
    grant_type: 'authorization_code',
    client_id: 'client-a',
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    code: FRESH,
  };
  const comparisons: Comparison[] = [];
  for (const drawn of codeRequests(resource())) {
    const { code } = await ours.mintCode();
    comparisons.push(await compared(drawn, right, [code, await oracle.mintCode(GRANTED)]));
  }
  expect(comparisons).toHaveLength(300);
  expectExplained(comparisons, CODE);
});

test('F1 to F16, three hundred tokens are refreshed as at a certified server, but for what is meant', {
  timeout: 120_000,
}, async () => {
  const right = { grant_type: 'refresh_token', client_id: 'client-a', refresh_token: FRESH };
  const comparisons: Comparison[] = [];
  for (const drawn of refreshRequests(resource())) {
    const { token } = await ours.mintFamily();
    comparisons.push(await compared(drawn, right, [token, await oracle.mintRefreshToken(GRANTED)]));
  }
  expect(comparisons).toHaveLength(300);
  expectExplained(comparisons, REFRESH);
});

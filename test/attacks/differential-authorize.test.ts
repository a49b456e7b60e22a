import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Comparison, type Difference, expectExplained, sent, twoFaults } from './support/b-differences.ts';
import { type Oracle, startOracle } from './support/b-oracle.ts';
import { authorizeRequests, CHALLENGE, LOOPBACK, OTHER_REDIRECT_URI } from './support/b-requests.ts';
import { encode, type Fields } from './support/t-form.ts';
import { REDIRECT_URI, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

let ours: TokenCloud;
let oracle: Oracle;

beforeAll(async () => {
  ours = await startTokenCloud({ identityProvider: true });
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

const SCOPES = ['orders:read', 'tickets:read', 'tickets:write', 'orders:refund'];

const resource = () => ours.cloud.mcpUrl;

/** What became of the browser: `page`, `local`, or where the error went and which. */
async function outcome(endpoint: string, request: Fields): Promise<string> {
  const response = await fetch(`${endpoint}?${encode(request)}`, { redirect: 'manual' });
  await response.arrayBuffer();
  const location = response.headers.get('location');
  if (location === null)
    return response.status === 200 ? 'page' : response.status === 400 ? 'local' : `${response.status}`;
  const target = new URL(location, endpoint);
  if (target.pathname.startsWith('/interaction/')) return 'page';
  const fragment = new URLSearchParams(target.hash.slice(1)).get('error');
  return fragment === null ? `redirect ${target.searchParams.get('error')}` : `fragment ${fragment}`;
}

const OPENID = 'OpenID Connect Core section 3.1.2';

const TABLE: readonly Difference[] = [
  {
    ours: 'redirect invalid_request',
    theirs: 'page',
    when: sent('response_mode', 'fragment', 'form_post'),
    because: 'the answer goes into the query and nowhere else (OAuth 2.1 section 4.1.2)',
  },
  {
    ours: 'redirect invalid_request',
    theirs: 'redirect unsupported_response_mode',
    when: sent('response_mode', 'web_message', 'nonsense'),
    because: 'invalid_request is for an unsupported parameter value, too (RFC 6749 section 4.1.2.1)',
  },
  {
    ours: /^redirect /,
    theirs: 'local',
    when: (of) => twoFaults(of) && sent('response_mode', 'form_post')(of),
    because: 'the oracle answers an error with a form that posts itself (Form Post Response Mode section 2)',
  },
  {
    ours: 'redirect invalid_request',
    theirs: 'page',
    when: sent('code_challenge', `${CHALLENGE}A`),
    because: 'an S256 challenge has 43 characters, neither more nor less (RFC 7636 section 4.2)',
  },
  {
    ours: 'redirect invalid_request',
    theirs: 'page',
    when: sent('state', 'x'.repeat(2049)),
    because: 'what is kept for a stranger has a bound (RFC 6749 section 4.1.1 sets none for state)',
  },
  {
    ours: 'redirect interaction_required',
    theirs: 'redirect login_required',
    when: sent('prompt', 'none'),
    because: `consent is asked every time, so it is not the sign-in that is missing (${OPENID}.6)`,
  },
  {
    ours: 'redirect interaction_required',
    theirs: 'redirect invalid_request',
    when: sent('prompt', 'none login'),
    because: `none with another value is an error, but no text says which (${OPENID}.1)`,
  },
  {
    ours: 'page',
    theirs: 'redirect invalid_request',
    when: sent('prompt', 'nonsense'),
    because: `prompt is a parameter of OpenID Connect, to be ignored elsewhere (RFC 6749 section 3.1, ${OPENID}.1)`,
  },
  {
    ours: 'page',
    theirs: 'redirect invalid_target',
    when: (of) => sent('resource', `${resource()}/`, resource().replace('http://localhost', 'HTTP://LOCALHOST'))(of),
    because:
      'scheme and host have no case, and one trailing slash is forgiven (RFC 3986 section 6.2.2.1, MCP authorization)',
  },
  {
    ours: 'redirect invalid_target',
    theirs: 'page',
    when: ({ request }) => Array.isArray(request.resource) && new Set(request.resource).size === 1,
    because: 'a token is for one resource, so one is named, once (RFC 8707 section 2.2)',
  },
  {
    ours: 'redirect invalid_scope',
    theirs: 'page',
    when: sent('scope', 'admin', 'orders:read orders:read'),
    because: 'where nothing asked for can be had, or the list is no set, the client is told (RFC 6749 section 4.1.2.1)',
  },
  {
    ours: 'redirect unsupported_response_type',
    theirs: 'fragment unsupported_response_type',
    when: sent('response_type', 'token', 'code token', 'id_token'),
    because: 'there is no implicit grant, so nothing is ever answered in a fragment (OAuth 2.1 section 10.1)',
  },
  {
    ours: 'redirect unsupported_response_type',
    theirs: 'redirect invalid_request',
    when: (of) => sent('response_type', 'token', 'code token', 'id_token')(of) && sent('response_mode', 'query')(of),
    because: 'the oracle sees a fragment forbidden where there is no such response type (RFC 6749 section 4.1.2.1)',
  },
  {
    ours: /^redirect (?!null)/,
    theirs: /^(?:redirect|fragment) (?!null)/,
    when: twoFaults,
    because: 'both refuse; which of two errors is named first is nobody’s rule (RFC 6749 section 4.1.2.1)',
  },
];

test('A1 to A40, three hundred requests to /authorize end as at a certified server, but for what is meant', {
  timeout: 120_000,
}, async () => {
  const comparisons: Comparison[] = [];
  for (const drawn of authorizeRequests(resource())) {
    const [mine, theirs] = await Promise.all([
      outcome(`${ours.cloud.issuer}/authorize`, drawn.request),
      outcome(`${oracle.issuer}/auth`, drawn.request),
    ]);
    comparisons.push({ ...drawn, ours: mine, theirs });
  }
  expect(comparisons).toHaveLength(300);
  expectExplained(comparisons, TABLE);
});

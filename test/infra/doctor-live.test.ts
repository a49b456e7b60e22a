import { afterEach, describe, expect, test } from 'vitest';
import { exitCodeOf, lineOf } from '../../infra/cli/doctor/finding.ts';
import { type Lie, metadata, type Reply, startStand } from './doctor-stand.ts';

/** `gatehouse doctor --url`: a right server passes every check, and each lie is found by the check that is there for it. */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function standing(lie?: Lie) {
  const stand = await startStand(lie);
  closing.push(stand.close);
  return stand;
}

/** A lie about one path. */
const at =
  (path: string, change: (truth: Reply, origin: string) => Partial<Reply>): Lie =>
  ({ url = '' }, origin, truth) =>
    url.split('?')[0] === path ? { ...truth, ...change(truth, origin) } : undefined;
/** A lie about members of the authorization server's metadata. */
const publishing = (change: (origin: string) => object): Lie =>
  at('/.well-known/oauth-authorization-server', (_, origin) => ({
    body: { ...metadata(origin), ...change(origin) },
  }));
const headerless = (name: string) =>
  at('/mcp', ({ headers = {} }) => ({
    headers: Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
  }));
const renamed = at('/mcp', ({ headers: { 'www-authenticate': challenge = '', ...headers } = {} }) => ({
  headers: { ...headers, 'x-amzn-remapped-www-authenticate': challenge },
}));

/** The challenge of who sent nothing. */
const plain = (origin: string) => `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;

test('a right server fails nothing, and what loopback cannot show is not checked', async () => {
  const findings = await (await standing()).findings();
  expect(findings.filter(({ status }) => status !== 'ok').map(({ name, status }) => [name, status])).toEqual([
    ['plain HTTP', 'not checked'],
    ['TLS 1.2 or newer', 'not checked'],
  ]);
  expect(exitCodeOf(findings)).toBe(0);
});

describe('a server that lies', () => {
  test.each<[lie: string, found: string, says: string, Lie]>([
    ['has its challenge renamed', 'no token', 'x-amzn-remapped-www-authenticate', renamed],
    ['sends no challenge', 'no token', 'has no WWW-Authenticate', headerless('www-authenticate')],
    ['answers 403 without a token', 'no token', 'answers 403 without a token', at('/mcp', () => ({ status: 403 }))],
    [
      'challenges without resource_metadata',
      'no token',
      'no resource_metadata',
      at('/mcp', ({ headers }) => ({ headers: { ...headers, 'www-authenticate': 'Bearer realm="x"' } })),
    ],
    [
      'names metadata elsewhere',
      'no token',
      'names https://evil.example/m as resource_metadata',
      at('/mcp', ({ headers }) => ({
        headers: { ...headers, 'www-authenticate': 'Bearer resource_metadata="https://evil.example/m"' },
      })),
    ],
    [
      'takes any token',
      'a made-up token',
      'to a token that nobody issued',
      ({ url, headers }) => (url === '/mcp' && headers.authorization !== undefined ? { status: 200 } : undefined),
    ],
    [
      'says nothing of what is wrong with a token',
      'a made-up token',
      'does not say error="invalid_token"',
      at('/mcp', ({ headers }, origin) => ({ headers: { ...headers, 'www-authenticate': plain(origin) } })),
    ],
    [
      'names another resource',
      'protected resource',
      'They must match exactly.',
      at('/.well-known/oauth-protected-resource/mcp', (_, origin) => ({
        body: { resource: origin, authorization_servers: [origin] },
      })),
    ],
    [
      'names another authorization server at the root',
      'protected resource',
      'as authorization servers instead of',
      at('/.well-known/oauth-protected-resource', (_, origin) => ({
        body: { resource: `${origin}/mcp`, authorization_servers: ['https://idp.example'] },
      })),
    ],
    [
      'has another issuer',
      'authorization server',
      'says issuer "https://idp.example"',
      publishing(() => ({ issuer: 'https://idp.example' })),
    ],
    [
      'has a slash after its issuer',
      'authorization server',
      'They must match exactly.',
      publishing((origin) => ({ issuer: `${origin}/` })),
    ],
    [
      'has its token endpoint elsewhere',
      'authorization server',
      'token_endpoint is "https://idp.example/token"',
      publishing(() => ({ token_endpoint: 'https://idp.example/token' })),
    ],
    [
      'has no token endpoint',
      'authorization server',
      'has no token_endpoint',
      publishing(() => ({ token_endpoint: undefined })),
    ],
    [
      'says something else to who looks for OpenID Connect',
      'authorization server',
      'openid-configuration says issuer',
      at('/.well-known/openid-configuration', (_, origin) => ({ body: { ...metadata(origin), issuer: 'other' } })),
    ],
    [
      'offers no S256',
      'code flow with PKCE',
      'Without S256',
      publishing(() => ({ code_challenge_methods_supported: [] })),
    ],
    [
      'offers PKCE by plain',
      'code flow with PKCE',
      '"plain"',
      publishing(() => ({ code_challenge_methods_supported: ['S256', 'plain'] })),
    ],
    [
      'offers tokens from the authorization endpoint',
      'code flow with PKCE',
      'instead of "code" alone',
      publishing(() => ({ response_types_supported: ['code', 'token'] })),
    ],
    [
      'offers the password grant',
      'code flow with PKCE',
      'grant type "password"',
      publishing(() => ({ grant_types_supported: ['authorization_code', 'password'] })),
    ],
    ['has no key', 'key set', 'has no key', at('/.well-known/jwks.json', () => ({ body: { keys: [] } }))],
    [
      'publishes a private key',
      'key set',
      'PRIVATE',
      at('/.well-known/jwks.json', () => ({ body: { keys: [{ kty: 'EC', d: 'secret' }] } })),
    ],
    [
      'answers with a page for a document',
      'key set',
      'no JSON object',
      at('/.well-known/jwks.json', () => ({ body: '<html>' })),
    ],
    [
      'registers whatever comes',
      'registration',
      'answers 201, which is none of its modes',
      at('/register', () => ({ status: 201 })),
    ],
    [
      'wants invitations where cdk.json wants none',
      'registration',
      'gatehouse.registration.dcr is "vetted", and the server runs as "token"',
      at('/register', () => ({ status: 401 })),
    ],
    [
      'is closed and names a registration endpoint',
      'registration',
      'names a registration_endpoint, and registration is "off"',
      at('/register', () => ({ status: 404 })),
    ],
    [
      'takes no client documents where cdk.json says so',
      'registration',
      'registration.cimd is true',
      publishing(() => ({ client_id_metadata_document_supported: false })),
    ],
    [
      'sends an unknown client on',
      'an unknown client',
      'sends an unknown client on to https://gatehouse-doctor.invalid/callback?error=x',
      at('/authorize', () => ({
        status: 302,
        headers: { location: 'https://gatehouse-doctor.invalid/callback?error=x' },
      })),
    ],
    [
      'shows an unknown client the way in',
      'an unknown client',
      'answers 200 to an unknown client',
      at('/authorize', () => ({ status: 200 })),
    ],
    [
      'minds no page',
      'a foreign page',
      'gets 401 instead of 403',
      ({ url, headers }) => (url === '/mcp' && headers.origin !== undefined ? { status: 401 } : undefined),
    ],
    [
      'lets any page read',
      'a foreign page',
      'may read the answer',
      ({ url, headers }) =>
        url === '/mcp' && headers.origin !== undefined
          ? { status: 403, headers: { 'access-control-allow-origin': '*' } }
          : undefined,
    ],
    [
      'reads bodies of any size',
      'too large a body',
      'instead of 413',
      (_request, _origin, { status, ...truth }) => (status === 413 ? { ...truth, status: 401 } : undefined),
    ],
    [
      'serves every path',
      'an unknown path',
      'something serves every path',
      at('/gatehouse-doctor', () => ({ status: 200 })),
    ],
    ['has no HSTS', 'HSTS', 'is missing', headerless('strict-transport-security')],
    [
      'has HSTS for a minute',
      'HSTS',
      'lasts 60 seconds',
      at('/mcp', ({ headers }) => ({ headers: { ...headers, 'strict-transport-security': 'max-age=60' } })),
    ],
  ])('%s: "%s" says %s', async (_, found, says, lie) => {
    const findings = await (await standing(lie)).findings();
    const finding = findings.find(({ name }) => name === found);
    expect(finding).toMatchObject({ status: 'fail', says: expect.stringContaining(says) });
    expect(exitCodeOf(findings)).toBe(1);
  });

  test('moves no cursor: what it sends is printed as an escape', async () => {
    const stand = await standing(publishing(() => ({ issuer: 'a\u001b[2Jb\u202e' })));
    const line = (await stand.findings()).map(lineOf).join('');
    expect(line).toContain('says issuer');
    for (const character of ['\u001b', '\u202e']) expect(line.includes(character)).toBe(false);
  });
});

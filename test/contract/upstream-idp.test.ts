import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createUpstreamIdentityProvider, type UpstreamSettings } from '../../functions/adapters/upstream-idp.ts';
import { digest } from '../../functions/core/oauth/digest.ts';
import { CLIENT_ID, type IdentityServer, json, NONCE, startIdentityServer } from '../support/identity-server.ts';

/** The identity provider over HTTP: openid-client against a provider that lies on request. */
const REDIRECT_URI = 'https://mcp.example/callback';
const STATE = 'transaction.secret';
const EXPECTED = { state: STATE, nonce: NONCE, verifier: 'v'.repeat(43) };
const BOTH = ['client_secret_basic', 'client_secret_post'];
const ANSWER = new URLSearchParams({ code: 'upstream-code', state: STATE }).toString();

let server: IdentityServer;
beforeEach(async () => {
  server = await startIdentityServer();
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

function provider(changes: Partial<UpstreamSettings> = {}) {
  return createUpstreamIdentityProvider({
    kind: 'cognito',
    name: 'Example Login',
    issuer: server.issuer,
    clientId: CLIENT_ID,
    readSecret: async () => 's3cret',
    redirectUri: REDIRECT_URI,
    rolesClaim: 'cognito:groups',
    tenantClaim: 'custom:tenant',
    ...changes,
  });
}

const refused = { ok: false, error: { reason: 'identity-refused' } };
const unavailable = { ok: false, error: { reason: 'identity-unavailable' } };

describe('signing in', () => {
  test('sends the browser with state, nonce and an S256 challenge, and redeems with the verifier', async () => {
    const identity = provider();
    const url = await identity.authorizationUrl(EXPECTED);
    if (!url.ok) throw new Error(url.error.detail);
    expect(url.value.startsWith(`${server.issuer}/authorize?`)).toBe(true);
    expect(Object.fromEntries(new URL(url.value).searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      state: STATE,
      nonce: NONCE,
      code_challenge: digest(EXPECTED.verifier),
      code_challenge_method: 'S256',
    });
    expect(await identity.origins()).toEqual({ ok: true, value: [server.issuer] });
    expect(await identity.exchange(ANSWER, EXPECTED)).toEqual({
      ok: true,
      value: { subject: 'ada', roles: ['editor'], tenant: 'north' },
    });
    expect(server.seen.discovery).toBe(1);
    const [request] = server.seen.token;
    expect(Object.fromEntries(request?.form ?? [])).toMatchObject({
      grant_type: 'authorization_code',
      code: 'upstream-code',
      redirect_uri: REDIRECT_URI,
      code_verifier: EXPECTED.verifier,
    });
  });

  test.each([
    ['the header, when the provider says nothing', {}, 'cognito', 'basic'],
    ['the body, where it may', { token_endpoint_auth_methods_supported: BOTH }, 'oidc', 'post'],
    ['the body, at WorkOS', { token_endpoint_auth_methods_supported: ['client_secret_basic'] }, 'workos', 'post'],
  ] as const)('shows its own secret in %s', async (_, metadata, kind, where) => {
    server.publish(metadata);
    await provider({ kind }).exchange(ANSWER, EXPECTED);
    const [request] = server.seen.token;
    const basic = `Basic ${Buffer.from(`${CLIENT_ID}:s3cret`).toString('base64')}`;
    expect(request?.authorization).toBe(where === 'basic' ? basic : undefined);
    expect(request?.form.get('client_secret')).toBe(where === 'post' ? 's3cret' : null);
  });

  test('takes roles and tenant from the claims it is told, a role alone or a list', async () => {
    server.issue(server.idToken({ role: 'admin', org_id: 'org_1' }));
    const workos = provider({ kind: 'workos', rolesClaim: 'role', tenantClaim: 'org_id' });
    expect(await workos.exchange(ANSWER, EXPECTED)).toMatchObject({ value: { roles: ['admin'], tenant: 'org_1' } });
    server.issue(server.idToken({ role: { nested: 1 }, org_id: 7 }));
    expect(await workos.exchange(ANSWER, EXPECTED)).toMatchObject({ value: { roles: [], tenant: undefined } });
  });

  test('U15 an e-mail address that decides something must be verified', async () => {
    const byMail = provider({ rolesClaim: 'email' });
    server.issue(server.idToken({ email: 'a@b.example', email_verified: false }));
    expect(await byMail.exchange(ANSWER, EXPECTED)).toMatchObject(refused);
    server.issue(server.idToken({ email: 'a@b.example', email_verified: true }));
    expect(await byMail.exchange(ANSWER, EXPECTED)).toMatchObject({ value: { roles: ['a@b.example'] } });
  });
});

describe('an answer that is not to be believed', () => {
  const past = () => Math.floor(Date.now() / 1000) - 600;
  const other = 'A'.repeat(342);
  const cases: [string, (s: IdentityServer) => string][] = [
    ['U12 wrong iss', (s) => s.idToken({ iss: 'https://evil.example' })],
    ['U12 wrong aud', (s) => s.idToken({ aud: 'somebody-else' })],
    ['U12 aud without ours', (s) => s.idToken({ aud: ['x', 'y'] })],
    ['U12 an extra aud and no azp', (s) => s.idToken({ aud: [CLIENT_ID, 'other'] })],
    ['U12 expired', (s) => s.idToken({ exp: past() })],
    ['U12 nbf in the future', (s) => s.idToken({ nbf: past() + 1200 })],
    ['U12 wrong nonce', (s) => s.idToken({ nonce: 'other' })],
    ['U12 no nonce', (s) => s.idToken({ nonce: undefined })],
    ['U12 alg none', (s) => s.idToken({}, { alg: 'none' }, () => '')],
    ['U12 HS256 with our secret', (s) => s.idToken({}, { alg: 'HS256' }, s.symmetric('s3cret'))],
    ['U12 unknown kid', (s) => s.idToken({}, { kid: 'other' })],
    ['U12 bad signature', (s) => s.idToken({}, {}, () => other)],
    ['U13 no sub', (s) => s.idToken({ sub: undefined })],
    ['U13 empty sub', (s) => s.idToken({ sub: '' })],
    ['U13 a sub of 256', (s) => s.idToken({ sub: 'x'.repeat(256) })],
    ['U13 a sub that is no string', (s) => s.idToken({ sub: 7 })],
  ];
  test.each(cases)('%s is refused', async (_, make) => {
    server.issue(make(server));
    expect(await provider().exchange(ANSWER, EXPECTED)).toMatchObject(refused);
  });

  test.each([
    ['U11 another iss', () => `${ANSWER}&iss=${encodeURIComponent('https://evil.example')}`, false],
    ['U11 no iss where one was promised', () => ANSWER, true],
    ['another state', () => ANSWER.replace('secret', 'other'), false],
    ['two codes', () => `${ANSWER}&code=other`, false],
    ['an error', () => `error=access_denied&state=${STATE}`, false],
  ])('%s is refused before anything is sent', async (_, query, promised) => {
    if (promised) server.publish({ authorization_response_iss_parameter_supported: true });
    expect(await provider().exchange(query(), EXPECTED)).toMatchObject(refused);
    expect(server.seen.token).toEqual([]);
  });

  test('a code that the provider does not take is refused', async () => {
    server.answer((_, response) => json(response, 400, { error: 'invalid_grant', error_description: '<script>' }));
    const result = await provider().exchange(ANSWER, EXPECTED);
    expect(result).toMatchObject(refused);
    expect(JSON.stringify(result)).not.toContain('script');
  });

  test('an answer without an ID token is refused', async () => {
    server.answer((_, response) => json(response, 200, { access_token: 'x', token_type: 'Bearer' }));
    expect(await provider().exchange(ANSWER, EXPECTED)).toMatchObject(refused);
  });
});

/** Everything right with it but its size. */
const hugeAnswer = () => ({
  access_token: 'x',
  token_type: 'Bearer',
  id_token: server.idToken({}),
  padding: 'x'.repeat(10_000_000),
});

describe('no answer', () => {
  test.each([
    ['U17 500', (response: Parameters<typeof json>[0]) => json(response, 500, {})],
    ['U17 invalid JSON', (response: Parameters<typeof json>[0]) => response.end('{"access_token":')],
    ['U17 10 MB', (response: Parameters<typeof json>[0]) => json(response, 200, hugeAnswer())],
    [
      'our own secret refused',
      (response: Parameters<typeof json>[0]) => json(response, 401, { error: 'invalid_client' }),
    ],
    ['the connection broken', (response: Parameters<typeof json>[0]) => response.destroy()],
  ])('%s is unavailable', async (_, answer) => {
    server.answer((__, response) => void answer(response));
    expect(await provider().exchange(ANSWER, EXPECTED)).toMatchObject(unavailable);
  });

  test('U17 a redirect is not followed: our secret goes nowhere else', async () => {
    const elsewhere = await startIdentityServer();
    server.answer((_, response) => response.writeHead(307, { location: `${elsewhere.issuer}/token` }).end());
    expect(await provider().exchange(ANSWER, EXPECTED)).toMatchObject(unavailable);
    expect(elsewhere.seen.token).toEqual([]);
    await elsewhere.close();
  });

  test('a provider that is down is tried again, and a refused secret is read again', async () => {
    server.publish({ issuer: 'https://evil.example' });
    let reads = 0;
    const identity = provider({ readSecret: async () => `secret-${reads++}` });
    expect(await identity.origins()).toMatchObject(unavailable);
    server.publish({});
    expect(await identity.origins()).toMatchObject({ ok: true });
    server.answer((_, response) => json(response, 401, { error: 'invalid_client' }));
    expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject(unavailable);
    server.answer(undefined);
    expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject({ ok: true });
    expect(reads).toBe(2);
  });

  test('plain http is for this computer only', async () => {
    expect(await provider({ issuer: 'http://idp.example' }).origins()).toMatchObject(unavailable);
  });
});

describe('the keys of the provider', () => {
  const later = (seconds: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });

  test('U18 a new key is fetched once and then accepted', async () => {
    const identity = provider();
    expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject({ ok: true });
    server.rotate('key-2');
    later(61);
    expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject({ ok: true });
    expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject({ ok: true });
    expect(server.seen.jwks).toBe(2);
  });

  test('U19 a flood of unknown keys is one fetch a minute', async () => {
    const identity = provider();
    await identity.exchange(ANSWER, EXPECTED);
    for (let i = 0; i < 20; i++) {
      server.issue(server.idToken({}, { kid: `random-${i}` }));
      expect(await identity.exchange(ANSWER, EXPECTED)).toMatchObject(refused);
    }
    expect(server.seen.jwks).toBe(1);
  });
});

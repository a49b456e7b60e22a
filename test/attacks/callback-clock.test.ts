import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createUpstreamIdentityProvider } from '../../functions/adapters/upstream-idp.ts';
import { anAuthorizationServer, cookiesOf, location, readConsentPage } from '../support/authorization-server.ts';
import { CLIENT_ID, type IdentityServer, startIdentityServer } from '../support/identity-server.ts';

/**
 * GET /callback where the running stack cannot show it: a minute must pass, or another setting hold. The handlers
 * themselves, and the provider over HTTP.
 */
let provider: IdentityServer;

beforeEach(async () => {
  provider = await startIdentityServer();
});
afterEach(async () => {
  vi.useRealTimers();
  await provider.close();
});

async function aServer(claims: { readonly tenantClaim?: string } = {}) {
  const identity = createUpstreamIdentityProvider({
    kind: 'oidc',
    name: 'Example Login',
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    readSecret: async () => 's3cret',
    redirectUri: 'https://mcp.example/callback',
    rolesClaim: 'cognito:groups',
    tenantClaim: 'custom:tenant',
    ...claims,
  });
  const server = await anAuthorizationServer({ identity });
  /** From the consent page to the redirect URI, by somebody with these claims. */
  const signIn = async (more: Readonly<Record<string, unknown>> = {}) => {
    const { form, cookies } = readConsentPage(await server.authorize());
    const approved = await server.consent({ ...form, decision: 'approve' }, { cookies });
    const { searchParams } = new URL(location(approved));
    provider.issue(provider.idToken({ nonce: searchParams.get('nonce'), ...more }));
    const query = new URLSearchParams({ code: 'upstream', state: searchParams.get('state') ?? '' });
    const answer = await server.callback(query.toString(), { ...cookies, ...cookiesOf(approved) });
    return new URL(location(answer)).searchParams;
  };
  const grants = () => server.store.contents().filter((item) => 'codeExpires' in item);
  return { signIn, grants };
}

describe('keys and claims of the provider', () => {
  test('U18 a key that is new is fetched once, and then accepted', async () => {
    const { signIn } = await aServer();
    expect((await signIn()).has('code')).toBe(true);
    provider.rotate('key-2');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect((await signIn()).has('code')).toBe(true);
    expect((await signIn()).has('code')).toBe(true);
    expect(provider.seen.jwks).toBe(2);
  });

  test.each([
    ['not verified', false],
    ['not said to be verified', undefined],
    ['verified in a word', 'true'],
    ['verified by a number', 1],
  ])('U15 an e-mail address that decides and is %s is nobody’s', async (_, email_verified) => {
    const { signIn, grants } = await aServer({ tenantClaim: 'email' });
    const answer = await signIn({ email: 'ada@north.example', email_verified });
    expect([answer.get('error'), answer.has('code')]).toEqual(['access_denied', false]);
    expect(grants()).toEqual([]);
    expect((await signIn({ email: 'ada@north.example', email_verified: true })).has('code')).toBe(true);
    expect(grants()).toMatchObject([{ tenant: 'ada@north.example' }]);
  });
});

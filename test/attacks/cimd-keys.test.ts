import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, ISSUER, type Tokens } from '../support/authorization-server.ts';
import { type AssertionKey, anAssertion, anAssertionKey, assertionFields } from './support/c-assertions.ts';
import { CLIENT_ID, DOCUMENT, type DocumentFlow, RULE, startDocumentFlow } from './support/c-documents.ts';

/** C1, C23: clients that describe themselves and prove themselves with keys of their own. */
let flow: DocumentFlow;
beforeAll(async () => {
  flow = await startDocumentFlow();
});
afterAll(() => flow?.close());
beforeEach(() => flow.reset());

const ec = anAssertionKey('ES256', 'ec-1');
const rsa = anAssertionKey('RS256', 'rsa-1');
const jwksUri = 'https://keys.example/jwks.json';

const assertion = (key: AssertionKey, claims: Readonly<Record<string, unknown>> = {}) => {
  const now = flow.clock.seconds();
  const good = { iat: now, exp: now + 300, ...claims };
  return assertionFields(anAssertion(key, { clientId: CLIENT_ID, audience: ISSUER, claims: good }));
};
const signing = { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' };
const serveKeys = (...keys: readonly unknown[]) => flow.serve({ keys }, '/jwks.json');

describe('C23 a client that can only sign', () => {
  test.each([
    ['ES256', ec],
    ['RS256', rsa],
  ])('C23 with %s keys in its document', async (_, key) => {
    flow.serve({ ...signing, jwks: { keys: [key.jwk] } });
    const code = await flow.code();
    const without = await flow.redeem(code);
    expect([without.status, bodyOf(without)]).toMatchObject([401, { error: 'invalid_client' }]);
    const redeemed = await flow.redeem(code, assertion(key));
    expect(redeemed.status).toBe(200);
    const { refresh_token: token } = bodyOf<Tokens>(redeemed);
    expect((await flow.refresh(token)).status).toBe(401);
    expect((await flow.refresh(token, assertion(key))).status).toBe(200);
  });

  test.each([
    ['ES256', ec],
    ['RS256', rsa],
  ])(
    'C23 with %s keys at an address: fetched as the sign-in begins, and never by the token endpoint',
    async (_, key) => {
      flow.serve({ ...signing, jwks_uri: jwksUri });
      serveKeys(key.jwk);
      const code = await flow.code();
      const fetched = ['client.example/app/client.json', 'keys.example/jwks.json'];
      expect(flow.host.requests).toEqual(fetched);
      expect((await flow.redeem(code)).status).toBe(401);
      expect((await flow.redeem(code, assertion(key))).status).toBe(200);
      expect(flow.host.requests).toEqual(fetched);
      expect(await flow.item()).toMatchObject({ jwks: { S: JSON.stringify({ keys: [key.jwk] }) } });
    },
  );

  test('C23 whose keys changed signs with the new ones after the next sign-in', async () => {
    flow.serve({ ...signing, jwks_uri: jwksUri });
    serveKeys(rsa.jwk);
    await flow.authorize();
    serveKeys(ec.jwk);
    flow.clock.advance('1d');
    const code = await flow.code();
    expect((await flow.redeem(code, assertion(rsa))).status).toBe(401);
    expect((await flow.redeem(code, assertion(ec))).status).toBe(200);
  });

  test.each<[string, string]>([
    ['C9 at localhost', 'https://localhost/jwks.json'],
    ['C6 at an address', 'https://169.254.169.254/jwks.json'],
    ['C10 at another port', 'https://keys.example:8443/jwks.json'],
    ['C5 with a query', 'https://keys.example/jwks.json?a'],
    ['at a host the rule does not name', 'https://other.example/jwks.json'],
    ['at an address without keys', 'https://keys.example/nothing.json'],
  ])('C23 with keys %s gets no page', async (_, uri) => {
    flow.serve({ ...signing, jwks_uri: uri });
    serveKeys(ec.jwk);
    expect((await flow.authorize()).status).toBe(400);
    expect(flow.host.requests.filter((request) => request.endsWith('/jwks.json'))).toEqual([]);
    expect(await flow.item()).toBeUndefined();
  });

  test.each<[string, readonly unknown[]]>([
    ['a private key', [{ ...ec.jwk, d: 'c2VjcmV0' }]],
    ['a shared secret', [{ kty: 'oct', k: 'c2VjcmV0' }]],
    ['a key of another kind alone', [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }]],
    ['a key for encryption alone', [{ ...rsa.jwk, use: 'enc' }]],
    ['too many', Array(11).fill(ec.jwk)],
    ['none', []],
  ])('C23 whose keys are %s gets no page', async (_, keys) => {
    flow.serve({ ...signing, jwks: { keys } });
    expect((await flow.authorize()).status).toBe(400);
    expect(await flow.item()).toBeUndefined();
  });

  test('C23 with an RSA key too short to be one gets a page and no token', async () => {
    flow.serve({
      ...signing,
      jwks: { keys: [{ kty: 'RSA', alg: 'RS256', n: rsa.keys[0]?.kty === 'RSA' ? 'AQAB' : '', e: 'AQAB' }] },
    });
    const code = await flow.code();
    expect((await flow.redeem(code, assertion(rsa))).status).toBe(401);
  });
});

describe('C1 a client that can do both, as ChatGPT says it', () => {
  beforeEach(async () => {
    const { token_endpoint_auth_method: _, ...document } = DOCUMENT;
    flow.serve({ ...document, token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'], jwks_uri: jwksUri });
    serveKeys(rsa.jwk);
  });

  test('C1 comes with nothing', async () => {
    expect((await flow.redeem(await flow.code())).status).toBe(200);
  });

  test('C1 comes with an assertion, which then must hold', async () => {
    const code = await flow.code();
    expect((await flow.redeem(code, assertion(ec))).status).toBe(401);
    expect((await flow.redeem(code, assertion(rsa, { aud: 'https://other.example' }))).status).toBe(401);
    expect((await flow.redeem(code, assertion(rsa))).status).toBe(200);
  });

  test('C1 under a rule that names no host for keys comes with nothing, and cannot sign', async () => {
    const { keysHost: _, ...rule } = RULE;
    await flow.rule(rule);
    const code = await flow.code();
    expect((await flow.redeem(code, assertion(rsa))).status).toBe(401);
    expect((await flow.redeem(code)).status).toBe(200);
    expect(flow.host.requests).toEqual(['client.example/app/client.json']);
  });
});

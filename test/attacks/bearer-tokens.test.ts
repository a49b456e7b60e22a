import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type MintToken, nowSeconds } from '../support/minted-tokens.ts';
import { type McpCloud, startMcpCloud } from './support/m-mcp-cloud.ts';
import { variablesOf } from './support/t-roles.ts';

/**
 * Tokens that are not ours, not for here or not for now. Most are signed with the deployment's own key, so that it is
 * never the signature that saves us: each is refused for the reason that the log then names.
 */
let here: McpCloud;
beforeAll(async () => {
  here = await startMcpCloud();
});
afterAll(() => here?.close());

type Make = (mint: MintToken) => Promise<string>;

test('B1 POSITIVE a good token runs the tool, as the person and the client it names', async () => {
  const answer = await here.call(await here.mint({ sub: 'ada', client_id: 'client-a' }), 'whoami');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('client-a');
  expect(await here.recorded(answer.requestId)).toMatchObject([{ c: 'client-a', k: 'whoami', x: 'allowed' }]);
});

test('B9 POSITIVE claims that this server has no use for are no harm', async () => {
  const token = await here.mint({ email_verified: true, auth_time: 1, extra: { deep: [1] } });
  expect((await here.call(token, 'whoami')).status).toBe(200);
});

describe('what the token says', () => {
  test.each<readonly [string, Make, string]>([
    ['B6 it ended a second ago', (mint) => mint({ exp: nowSeconds() - 1 }), 'expired'],
    ['B6 it ends this very second', (mint) => mint({ exp: nowSeconds() }), 'expired'],
    ['B6 it begins in a minute', (mint) => mint({ nbf: nowSeconds() + 60 }), 'not-yet-valid'],
    ['B6 it was issued in the future', (mint) => mint({ iat: nowSeconds() + 60 }), 'not-yet-valid'],
    ['B7 it never ends', (mint) => mint({ exp: undefined }), 'bad-claim'],
    ['B7 it ends at a text', (mint) => mint({ exp: String(nowSeconds() + 600) }), 'malformed'],
    ['B7 it ends at null', (mint) => mint({ exp: null }), 'malformed'],
    ['B7 it ends in ten years', (mint) => mint({ exp: nowSeconds() + 315_360_000 }), 'lives-too-long'],
    ['B8 its issuer has a slash more', (mint) => mint({ iss: `${here.cloud.issuer}/` }), 'wrong-issuer'],
    ['B8 its issuer is another tenant', (mint) => mint({ iss: `${here.cloud.issuer}/south` }), 'wrong-issuer'],
    ['B8 its issuer is a list with ours', (mint) => mint({ iss: [here.cloud.issuer] }), 'malformed'],
    ['B8 it has no issuer', (mint) => mint({ iss: undefined }), 'wrong-issuer'],
    ['B9 it is for nobody', (mint) => mint({ aud: undefined }), 'wrong-audience'],
    ['B9 it is for the issuer', (mint) => mint({ aud: here.cloud.issuer }), 'wrong-audience'],
    [
      'B9 it is for us and one more',
      (mint) => mint({ aud: [here.cloud.mcpUrl, 'https://a.example'] }),
      'wrong-audience',
    ],
    ['B9 it is for a list of us alone', (mint) => mint({ aud: [here.cloud.mcpUrl] }), 'wrong-audience'],
    ['B9 it is for us in upper case', (mint) => mint({ aud: here.cloud.mcpUrl.toUpperCase() }), 'wrong-audience'],
    ['B11 it has no type', (mint) => mint({}, { typ: undefined }), 'wrong-type'],
    ['B11 it is any JWT', (mint) => mint({}, { typ: 'JWT' }), 'wrong-type'],
    ['B11 it is an ID token', (mint) => mint({}, { typ: 'id+jwt' }), 'wrong-type'],
    ['B11 it is an assertion of a client', (mint) => mint({}, { typ: 'client-authentication+jwt' }), 'wrong-type'],
    ['B21 it has no subject', (mint) => mint({ sub: undefined }), 'bad-claim'],
    ['B21 its subject is empty', (mint) => mint({ sub: '' }), 'bad-claim'],
    ['B21 its subject is a number', (mint) => mint({ sub: 7 }), 'malformed'],
    ['B21 it came by no client', (mint) => mint({ client_id: undefined }), 'bad-claim'],
    ['B21 its client is empty', (mint) => mint({ client_id: '' }), 'bad-claim'],
    ['B21 it has no id', (mint) => mint({ jti: undefined }), 'bad-claim'],
    ['B21 its id is a list', (mint) => mint({ jti: ['a'] }), 'malformed'],
    ['B21 its scope is a list', (mint) => mint({ scope: ['orders:read'] }), 'malformed'],
    ['B25 it is for another resource of ours', (mint) => mint({ aud: `${here.cloud.issuer}/other` }), 'wrong-audience'],
  ])('%s', async (_, make, reason) => {
    await expectRefused(await make(here.mint), reason);
  });
});

describe('how the token is signed', () => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const published = () => JSON.parse(variablesOf(here.cloud, 'token').TOKEN_KEYS ?? '{}').keys[0];
  const parts = async (mint: MintToken) => (await mint()).split('.') as [string, string, string];
  const resigned = async (mint: MintToken, header: object, by: (input: string) => Buffer) => {
    const [, payload] = await parts(mint);
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
    return `${input}.${by(input).toString('base64url')}`;
  };
  const byStranger = (input: string) =>
    sign('sha256', Buffer.from(input), { key: stranger.privateKey, dsaEncoding: 'ieee-p1363' });
  const head = (changes: object = {}) => ({ alg: 'ES256', typ: 'at+jwt', kid: published().kid, ...changes });
  /** RFC 8725 section 2.1: everybody has the public key, so as a shared secret it proves nothing. */
  const byPublicKey = (format: 'pem' | 'jwk') => (input: string) => {
    const key = createPublicKey({ key: published(), format: 'jwk' });
    const secret = format === 'pem' ? key.export({ type: 'spki', format: 'pem' }) : JSON.stringify(published());
    return createHmac('sha256', secret).update(input).digest();
  };
  const none = () => Buffer.alloc(0);

  test.each<readonly [string, Make, string]>([
    [
      'B10 by the identity provider, under its own key',
      (m) => resigned(m, head({ kid: 'idp' }), byStranger),
      'unknown-key',
    ],
    ['B15 by nobody known, under our kid', (m) => resigned(m, head(), byStranger), 'bad-signature'],
    ['B15 with no kid', (mint) => mint({}, { kid: undefined }), 'unknown-key'],
    ['B15 with a kid that is a path', (mint) => mint({}, { kid: '../../dev/null' }), 'unknown-key'],
    ['B15 with a kid that is a property of every object', (mint) => mint({}, { kid: '__proto__' }), 'unknown-key'],
    ['B15 with a kid that is a list', (mint) => mint({}, { kid: [published().kid] }), 'unknown-key'],
    [
      'B15 with a key of its own in the header',
      (m) => resigned(m, head({ jwk: stranger.publicKey.export({ format: 'jwk' }) }), byStranger),
      'bad-signature',
    ],
    [
      'B15 with the address of its key in the header',
      (m) => resigned(m, head({ jku: 'https://keys.example/jwks.json' }), byStranger),
      'bad-signature',
    ],
    ['B17 with alg none and no signature', (m) => resigned(m, head({ alg: 'none' }), none), 'malformed'],
    ['B17 with alg none and a signature', (m) => resigned(m, head({ alg: 'none' }), byStranger), 'wrong-algorithm'],
    ['B17 with alg NONE', (m) => resigned(m, head({ alg: 'NONE' }), byStranger), 'wrong-algorithm'],
    [
      'B17 with HS256 under our public key as PEM',
      (m) => resigned(m, head({ alg: 'HS256' }), byPublicKey('pem')),
      'wrong-algorithm',
    ],
    [
      'B17 with HS256 under our public key as JWK',
      (m) => resigned(m, head({ alg: 'HS256' }), byPublicKey('jwk')),
      'wrong-algorithm',
    ],
    ['B17 with our key and another algorithm named', (mint) => mint({}, { alg: 'ES384' }), 'wrong-algorithm'],
    ['B17 with a critical extension', (mint) => mint({}, { crit: ['b64'], b64: false }), 'malformed'],
    ['B17 with a signature of zeros', (m) => resigned(m, head(), () => Buffer.alloc(64)), 'bad-signature'],
    [
      'B17 with another payload under the same signature',
      async (mint) => {
        const [first, , signature] = await parts(mint);
        const [, payload] = (await mint({ sub: 'mallory' })).split('.');
        return `${first}.${payload}.${signature}`;
      },
      'bad-signature',
    ],
    ['B17 padded', async (mint) => `${await mint()}==`, 'malformed'],
    [
      'B17 in the standard alphabet',
      async (mint) => {
        const [first, payload, signature] = await parts(mint);
        return `${first}.${payload}.+/${signature.slice(2)}`;
      },
      'malformed',
    ],
    ['B17 in two parts', async (mint) => (await parts(mint)).slice(0, 2).join('.'), 'malformed'],
    ['B17 in five parts, as an encrypted one', async (mint) => `${await mint()}.a.b`, 'malformed'],
    ['B17 not at all', async () => 'opaque', 'malformed'],
  ])('%s', async (_, make, reason) => {
    await expectRefused(await make(here.mint), reason);
  });

  test('B15 a thousand unknown keys cause no request to anywhere', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => here.mint({}, { kid: `unknown-${index}` })),
    );
    here.cloud.endpoint.resetCounts();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, at) => here.call(tokens[at % 20] ?? '', 'whoami')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(here.cloud.endpoint.counts()).toEqual({});
  });
});

/** 401 that tells the client nothing but where to sign in; the log has the reason, nothing has the token. */
async function expectRefused(token: string, reason: string): Promise<void> {
  const answer = await here.call(token, 'whoami');
  expect(answer.status).toBe(401);
  const challenge = answer.headers.get('www-authenticate') ?? '';
  expect(challenge).toContain('error="invalid_token"');
  expect(challenge).toContain(`resource_metadata="${here.cloud.issuer}/.well-known/oauth-protected-resource/mcp"`);
  expect(`${challenge}${answer.text}`).not.toContain(reason);
  expect(await here.recorded(answer.requestId)).toEqual([]);
  const lineOf = () => here.lines.find((line) => line.includes(answer.requestId) && line.includes('"refusal"'));
  // The line leaves the function's thread on its own way, which may be the slower one.
  await vi.waitFor(() => expect(lineOf()).toContain(`"reason":"${reason}"`), 5_000);
  expect(here.lines.join('\n')).not.toContain(token);
}

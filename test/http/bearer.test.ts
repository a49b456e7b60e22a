import { describe, expect, test, vi } from 'vitest';
import { createTokenVerifier } from '../../functions/adapters/access-token.ts';
import { aCall, aRequest, aStack, clock, headers, probe } from '../core/tools/fixture/stack.ts';
import { AUDIENCE, aSigner, claims, ISSUER, now, signed, signer, token } from '../core/tools/fixture/tokens.ts';

const METADATA = `${ISSUER}/.well-known/oauth-protected-resource/mcp`;
const other = aSigner('key-2');
const sameKid = aSigner('key-1');

/** Sends a call of the probe tool with this Authorization header and says what came back. */
async function call(authorization: string | undefined, rawQuery = '') {
  const stack = aStack();
  const runs = probe.runs;
  const request = aCall('probe', {}, 'x');
  const response = await stack.send({ ...request, rawQuery, headers: { ...request.headers, authorization } });
  return { stack, response, ran: probe.runs - runs, challenge: response.headers?.['www-authenticate'] };
}

test('B1, B4 a good token runs the tool, whatever the case of the scheme', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const { response, ran, stack } = await call(`${scheme} ${token()}`);
    expect(response.status).toBe(200);
    expect(ran).toBe(1);
    expect(stack.audit).toMatchObject([
      { subject: 'ada', clientId: 'client-1', scopes: ['orders:read', 'tickets:read'] },
    ]);
  }
});

test('B2 without a token the challenge says where to sign in and what to ask for, and names no error', async () => {
  for (const authorization of [undefined, '', 'Basic YTpi', 'Bearertoken']) {
    const { response, ran, challenge } = await call(authorization);
    expect(response.status).toBe(401);
    expect(challenge).toBe(`Bearer resource_metadata="${METADATA}", scope="orders:read tickets:read"`);
    expect(response.headers?.['x-gatehouse-challenge']).toBe(challenge);
    expect(ran).toBe(0);
  }
});

test('a server without default scopes asks for none', async () => {
  const response = await aStack({ defaultScopes: [] }).send();
  expect(response.headers?.['www-authenticate']).toBe(`Bearer resource_metadata="${METADATA}"`);
});

test('B5 a token in the query or in a form body is not looked at, and not logged', async () => {
  const bearer = token();
  const inQuery = await call(undefined, `access_token=${bearer}`);
  expect(inQuery.response.status).toBe(401);
  expect(inQuery.challenge).not.toContain('error');
  const stack = aStack();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const inBody = await stack.send({ headers: headers(form), body: Buffer.from(`access_token=${bearer}`) });
  expect(inBody.status).toBe(401);
  expect(JSON.stringify([inQuery.stack.logged, stack.logged])).not.toContain(bearer);
});

describe('a token that is not one of ours, for here, for now, is 401 and runs nothing', () => {
  const [head = '', payload = '', signature = ''] = token().split('.');
  const altered = Buffer.from(JSON.stringify(claims({ sub: 'mallory' }))).toString('base64url');
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' };
  const cases: readonly [string, string, string][] = [
    ['B6 expired a second ago', token({ exp: now() - 1 }), 'expired'],
    ['B6 expired this very second', token({ exp: now() }), 'expired'],
    ['B6 nbf in the future', token({ nbf: now() + 60 }), 'not-yet-valid'],
    ['B6 issued in the future', token({ iat: now() + 60 }), 'not-yet-valid'],
    ['B6 a clock five minutes ahead', token({ iat: now() + 300, exp: now() + 900 }), 'not-yet-valid'],
    ['B7 no exp', token({ exp: undefined }), 'bad-claim'],
    ['B7 exp as text', token({ exp: String(now() + 600) }), 'malformed'],
    ['B7 exp in ten years', token({ exp: now() + 315_360_000 }), 'lives-too-long'],
    ['B7 exp in two hours', token({ exp: now() + 7200 }), 'lives-too-long'],
    ['no iat', token({ iat: undefined }), 'bad-claim'],
    ['B8 iss with a slash', token({ iss: `${ISSUER}/` }), 'wrong-issuer'],
    ['B8 another issuer', token({ iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a' }), 'wrong-issuer'],
    ['B8 no iss', token({ iss: undefined }), 'wrong-issuer'],
    ['B9 no aud', token({ aud: undefined }), 'wrong-audience'],
    ['B9 aud is the issuer', token({ aud: ISSUER }), 'wrong-audience'],
    ['B9 aud with a slash', token({ aud: `${AUDIENCE}/` }), 'wrong-audience'],
    ['B9 ours among others', token({ aud: [AUDIENCE, 'https://other.example/mcp'] }), 'wrong-audience'],
    ['B9 ours in a list of one', token({ aud: [AUDIENCE] }), 'wrong-audience'],
    ['B10 signed by the identity provider', token({ iss: 'https://idp.example' }, {}, other), 'unknown-key'],
    ['B11 no typ', token({}, { typ: undefined }), 'wrong-type'],
    ['B11 typ JWT', token({}, { typ: 'JWT' }), 'wrong-type'],
    ['B11 typ id+jwt', token({}, { typ: 'id+jwt' }), 'wrong-type'],
    [
      'alg none',
      `${Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url')}.${payload}.`,
      'malformed',
    ],
    ['alg HS256', token({}, { alg: 'HS256' }), 'wrong-algorithm'],
    ['alg ES384', token({}, { alg: 'ES384' }), 'wrong-algorithm'],
    ['no alg', token({}, { alg: undefined }), 'wrong-algorithm'],
    ['crit', token({}, { crit: ['b64'], b64: false }), 'malformed'],
    ['a key of its own in the header', token({}, { jwk: other.key }, sameKid), 'bad-signature'],
    ['B15 no kid', token({}, { kid: undefined }), 'unknown-key'],
    ['B15 unknown kid', token({}, { kid: 'key-9' }), 'unknown-key'],
    ['the right kid and another key', token({}, {}, sameKid), 'bad-signature'],
    ['B17 altered payload', `${head}.${altered}.${signature}`, 'bad-signature'],
    ['B17 padded', `${head}.${payload}.${signature}==`, 'malformed'],
    ['B17 standard alphabet', `${head}.${payload}.${`+/${signature.slice(2)}`}`, 'malformed'],
    ['B17 a bit beyond the bytes', `${head}.${payload}.${signature.slice(0, -1)}${last(signature)}`, 'malformed'],
    [
      'a DER signature',
      `${head}.${payload}.${Buffer.concat([Buffer.from([0x30, 0x45]), Buffer.alloc(69)]).toString('base64url')}`,
      'malformed',
    ],
    ['a signature of zeros', `${head}.${payload}.${Buffer.alloc(64).toString('base64url')}`, 'bad-signature'],
    ['B21 no sub', token({ sub: undefined }), 'bad-claim'],
    ['B21 empty sub', token({ sub: '' }), 'bad-claim'],
    ['B21 no client_id', token({ client_id: undefined }), 'bad-claim'],
    ['B21 empty client_id', token({ client_id: '' }), 'bad-claim'],
    ['client_id as a number', token({ client_id: 7 }), 'bad-claim'],
    ['no jti', token({ jti: undefined }), 'bad-claim'],
    ['no scope', token({ scope: undefined }), 'bad-claim'],
    ['roles as text', token({ roles: 'editor' }), 'bad-claim'],
    ['tenant as a list', token({ tenant: ['north', 'south'] }), 'bad-claim'],
    ['B25 for another resource', token({ aud: `${ISSUER}/other` }), 'wrong-audience'],
    ['two parts', `${head}.${payload}`, 'malformed'],
    ['five parts', `${head}.${payload}.${signature}.a.b`, 'malformed'],
    ['a header that is a list', signed('[]', JSON.stringify(claims())), 'malformed'],
    ['a payload that is text', signed(JSON.stringify(header), '"x"'), 'malformed'],
    ['an opaque token', 'abc', 'malformed'],
    ['9000 bytes', `${head}.${'A'.repeat(9000)}.${signature}`, 'malformed'],
  ];
  test.each(cases)('%s', async (_name, bearer, reason) => {
    const { response, ran, challenge, stack } = await call(`Bearer ${bearer}`);
    expect(response.status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    expect(ran).toBe(0);
    expect(stack.audit).toEqual([]);
    expect(JSON.stringify(stack.logged)).toContain(`"reason":"${reason}"`);
    expect(JSON.stringify(stack.logged)).not.toContain(bearer);
    expect(response.body).not.toContain(reason);
  });

  test.each(['Bearer', 'Bearer ', `Bearer ${token()}, Bearer ${token()}`, `Bearer ${token()} x`])(
    'an Authorization header that holds no one token (%#)',
    async (authorization) => {
      const { response, ran } = await call(authorization);
      expect(response.status).toBe(401);
      expect(ran).toBe(0);
    },
  );
});

/** Another last character whose extra bits decode to the same bytes. */
function last(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(signature.at(-1) ?? 'A') + 1] ?? 'B';
}

test('clocks that differ by less than half a minute still agree', async () => {
  for (const bearer of [token({ iat: now() + 25, exp: now() + 625 }), token({ nbf: now() + 25 })]) {
    expect((await call(`Bearer ${bearer}`)).response.status).toBe(200);
  }
});

test('B15 a thousand unknown kids cause no request to anywhere', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch');
  const https = vi.spyOn((await import('node:https')).default, 'request');
  const verify = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: [signer.key], clock });
  for (let index = 0; index < 1000; index++) {
    expect(verify(token({}, { kid: `unknown-${index}` }))).toMatchObject({ error: { reason: 'unknown-key' } });
  }
  expect(fetched).not.toHaveBeenCalled();
  expect(https).not.toHaveBeenCalled();
});

test('two keys verify while one replaces the other', () => {
  const verify = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: [other.key, signer.key], clock });
  expect(verify(token())).toMatchObject({ ok: true });
  expect(verify(token({}, {}, other))).toMatchObject({ ok: true });
});

test('B23 without a usable key there is no verifier', () => {
  const settings = { issuer: ISSUER, audience: AUDIENCE, clock };
  expect(() => createTokenVerifier({ ...settings, keys: [] })).toThrow(/TOKEN_KEYS is empty/);
  expect(() => createTokenVerifier({ ...settings, keys: [{ ...signer.key, x: 'AAAA' }] })).toThrow();
});

test('B30 the first message needs a token like every other', async () => {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }));
  expect(await aStack().send({ ...aRequest(), body })).toMatchObject({ status: 401 });
});

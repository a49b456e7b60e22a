import { createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  anAuthorizationServer,
  bodyOf,
  ISSUER,
  REDEEM,
  RESOURCE,
  type Tokens,
} from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

describe('redeeming a code', () => {
  test('T1 T18 gives a token for exactly this resource, signed with the published key', async () => {
    const server = await anAuthorizationServer();
    const response = await server.redeem(await server.code());
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    const tokens = bodyOf<Tokens & { token_type: string }>(response);
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'orders:read tickets:read tickets:write',
    });

    const key = createPublicKey({ key: { ...server.publicKey }, format: 'jwk' });
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, key, {
      issuer: ISSUER,
      audience: RESOURCE,
      typ: 'at+jwt',
      currentDate: new Date(server.clock.millis()),
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: server.publicKey.kid });
    expect(Object.keys(payload).sort()).toEqual(
      ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'roles', 'scope', 'sub', 'tenant'].sort(),
    );
    expect(payload).toMatchObject({
      aud: RESOURCE,
      sub: 'ada',
      client_id: 'client-a',
      roles: ['editor'],
      tenant: 'north',
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
  });

  test('T2 a loopback code is redeemed with the port it was asked for', async () => {
    const server = await anAuthorizationServer();
    const redirect_uri = 'http://127.0.0.1:51234/cb';
    const code = await server.code('ada', { redirect_uri });
    expect((await server.redeem(code, { redirect_uri: 'http://127.0.0.1:4000/cb' })).status).toBe(400);
    expect((await server.redeem(code, { redirect_uri })).status).toBe(200);
  });

  test.each([
    ['T3 code missing', { code: undefined }, 'invalid_request'],
    ['T3 code empty', { code: '' }, 'invalid_request'],
    ['T3 code garbage', { code: 'garbage' }, 'invalid_grant'],
    ['T3 code of 10 kB', { code: 'a'.repeat(10_000) }, 'invalid_grant'],
    ['T8 verifier missing', { code_verifier: undefined }, 'invalid_request'],
    ['T8 verifier empty', { code_verifier: '' }, 'invalid_request'],
    ['T9 verifier wrong', { code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['T9 verifier too short', { code_verifier: 'x' }, 'invalid_grant'],
    ['T7 another redirect URI', { redirect_uri: 'https://client.example/other' }, 'invalid_grant'],
    ['K15 unknown resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['K15 resource with a fragment', { resource: `${RESOURCE}#x` }, 'invalid_target'],
    ['K15 two resources', { resource: [RESOURCE, RESOURCE] }, 'invalid_target'],
    ['K6 grant_type missing', { grant_type: undefined }, 'invalid_request'],
    ['K7 password', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['K7 client credentials', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['a repeated parameter', { client_id: ['client-a', 'client-a'] }, 'invalid_request'],
  ])('%s is refused and leaves the code unspent', async (_, changes, error) => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const before = JSON.stringify(server.store.contents());
    const refused = await server.redeem(code, changes);
    expect(refused.status).toBe(400);
    expect(bodyOf(refused)).toMatchObject({ error, request_id: 'request-1' });
    expect(refused.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(JSON.stringify(server.store.contents())).toBe(before);
    expect((await server.redeem(code)).status).toBe(200);
  });

  test('T7 no redirect URI at all is what OAuth 2.1 clients send', async () => {
    const server = await anAuthorizationServer();
    expect((await server.redeem(await server.code(), { redirect_uri: undefined })).status).toBe(200);
  });

  test('T6 a code of another client is refused, and its own client still redeems it', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const stolen = await server.redeem(code, { client_id: 'client-b' });
    expect(bodyOf(stolen)).toMatchObject({ error: 'invalid_grant' });
    expect((await server.redeem(code)).status).toBe(200);
  });

  test('T5 a code lives for a minute, whatever the table still holds', async () => {
    const server = await anAuthorizationServer();
    const [late, early] = [await server.code(), await server.code()];
    server.clock.advance('59s');
    expect((await server.redeem(early)).status).toBe(200);
    server.clock.advance('1s');
    expect(bodyOf(await server.redeem(late))).toMatchObject({ error: 'invalid_grant' });
    expect(server.store.contents().some((item) => item.status === 'code')).toBe(true);
  });

  test('T12 a code spent twice revokes what it minted', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const tokens = bodyOf<Tokens>(await server.redeem(code));
    const again = await server.redeem(code);
    expect(bodyOf(again)).toMatchObject({ error: 'invalid_grant' });
    expect(bodyOf(await server.refresh(tokens.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    expect(server.log.warnings).toHaveLength(1);
    // T15: and once more changes nothing.
    const before = JSON.stringify(server.store.contents());
    expect(bodyOf(await server.redeem(code))).toMatchObject({ error: 'invalid_grant' });
    expect(JSON.stringify(server.store.contents())).toBe(before);
  });

  test('a leaked code is no remote logout: without the verifier nothing that can be made of it ends the family', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const tokens = bodyOf<Tokens>(await server.redeem(code));
    const [grantId, familySecret] = code.split('.');
    const forged = `${grantId}.${familySecret}.${'A'.repeat(43)}`;
    expect((await server.redeem(code, { code_verifier: 'y'.repeat(43) })).status).toBe(400);
    for (const token of [code, forged]) {
      expect(bodyOf(await server.refresh(token))).toMatchObject({ error: 'invalid_grant' });
      expect((await server.revoke({ token, client_id: 'client-a' })).status).toBe(200);
    }
    expect((await server.refresh(tokens.refresh_token)).status).toBe(200);
  });

  test('half a code is no code: neither of its secrets alone redeems it, or counts as its replay', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const [id, family, secret] = code.split('.');
    const halves = [`${id}.${'A'.repeat(43)}.${secret}`, `${id}.${family}.${'A'.repeat(43)}`];
    for (const half of halves) expect(bodyOf(await server.redeem(half))).toMatchObject({ error: 'invalid_grant' });
    expect(server.signed.count).toBe(0);
    const tokens = bodyOf<Tokens>(await server.redeem(code));
    for (const half of halves) expect(bodyOf(await server.redeem(half))).toMatchObject({ error: 'invalid_grant' });
    expect((await server.refresh(tokens.refresh_token)).status).toBe(200);
  });

  test('nothing is signed for a code that is spent, expired or shown with the wrong verifier', async () => {
    const server = await anAuthorizationServer();
    const [spent, late] = [await server.code(), await server.code()];
    await server.redeem(spent);
    expect(server.signed.count).toBe(1);
    await server.redeem(spent);
    await server.redeem(late, { code_verifier: 'x'.repeat(43) });
    server.clock.advance('2m');
    await server.redeem(late);
    expect(server.signed.count).toBe(1);
  });

  test('T21 a client that did not register for refresh tokens gets none', async () => {
    const server = await anAuthorizationServer();
    await server.store.desk.enrol(aClient({ id: 'brief', grantTypes: ['authorization_code'] }));
    const code = await server.code('ada', { client_id: 'brief' });
    const response = await server.redeem(code, { client_id: 'brief' });
    expect(response.status).toBe(200);
    expect(bodyOf(response)).not.toHaveProperty('refresh_token');
    expect(bodyOf(await server.redeem(code, { client_id: 'brief' }))).toMatchObject({ error: 'invalid_grant' });
  });

  test('T20 no code and no token is at rest anywhere', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const first = bodyOf<Tokens>(await server.redeem(code));
    const second = bodyOf<Tokens>(await server.refresh(first.refresh_token));
    const dump = JSON.stringify(server.store.contents());
    const secrets = [code, first.refresh_token, second.refresh_token].flatMap((token) => token.split('.').slice(1));
    expect(new Set(secrets).size).toBe(5);
    for (const secret of secrets) expect(dump).not.toContain(secret);
  });

  test('X1 nothing secret is logged, and what an operator looks for is', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const tokens = bodyOf<Tokens>(await server.redeem(code));
    await server.refresh(tokens.refresh_token);
    await server.redeem(code);
    const text = server.log.text();
    for (const secret of [
      ...code.split('.').slice(1),
      ...tokens.refresh_token.split('.').slice(1),
      REDEEM.code_verifier,
    ])
      expect(text).not.toContain(secret);
    expect(text).not.toContain(tokens.access_token);
    expect(text).toContain('client-a');
    expect(text).toContain(code.split('.')[0]);
    expect(text).toContain('"jti"');
  });

  test('K16 a grant that is bound to another resource gives no token for this one', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const [grant] = server.store.contents().filter((item) => 'codeExpires' in item);
    Object.assign(grant ?? {}, { resource: 'https://mcp.example/other' });
    expect(bodyOf(await server.redeem(code))).toMatchObject({ error: 'invalid_target' });
    Object.assign(grant ?? {}, { resource: RESOURCE });
    expect((await server.redeem(code)).status).toBe(200);
  });
});

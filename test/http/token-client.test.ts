import { describe, expect, test } from 'vitest';
import { anAuthorizationServer, bodyOf, encode, REDEEM, RESOURCE } from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('which client calls', () => {
  test.each([
    ['K8 no client_id', { client_id: undefined }, {}, 401, 'invalid_client'],
    ['K9 unknown client', { client_id: 'nobody' }, {}, 401, 'invalid_client'],
    ['an id that would reach into another kind of item', { client_id: 'a#b' }, {}, 401, 'invalid_client'],
    ['a URL as client id', { client_id: 'https://a.example/c.json' }, {}, 401, 'invalid_client'],
    ['K11 Basic that is no base64', {}, { authorization: 'Basic %%%' }, 401, 'invalid_client'],
    ['K11 Basic without a colon', {}, { authorization: basic('client-a') }, 401, 'invalid_client'],
    ['K11 bAsIc', {}, { authorization: basic('client-a:secret').replace('Basic', 'bAsIc') }, 401, 'invalid_client'],
    ['K12 Basic for another client', {}, { authorization: basic('client-b:x') }, 401, 'invalid_client'],
    ['a secret that was never issued', { client_secret: 's3cret' }, {}, 401, 'invalid_client'],
    ['K12 two methods', { client_secret: 's' }, { authorization: basic('client-a:s') }, 400, 'invalid_request'],
    ['K12 two methods in the body', { client_secret: 's', client_assertion: 'e.y.J' }, {}, 400, 'invalid_request'],
    ['K14 an assertion from a client without a key', { client_assertion: 'e.y.J' }, {}, 401, 'invalid_client'],
  ] as const)('%s is refused and leaves the code unspent', async (_, changes, headers, status, error) => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    const refused = await server.token({ ...REDEEM, code, ...changes }, { headers });
    expect(refused.status).toBe(status);
    expect(bodyOf(refused)).toMatchObject({ error });
    const challenge = status === 401 ? 'Basic realm="https://mcp.example"' : undefined;
    expect(refused.headers?.['www-authenticate']).toBe(challenge);
    expect(refused.headers?.['x-gatehouse-challenge']).toBe(challenge);
    expect((await server.redeem(code)).status).toBe(200);
  });

  test('an empty client_secret is none', async () => {
    const server = await anAuthorizationServer();
    expect((await server.redeem(await server.code(), { client_secret: '' })).status).toBe(200);
  });

  test('K14 V12 a client that signs assertions never falls back to nothing', async () => {
    const server = await anAuthorizationServer();
    await server.store.desk.enrol(aClient({ id: 'signer', authentication: 'private_key_jwt' }));
    const code = await server.code('ada', { client_id: 'signer' });
    const refused = await server.redeem(code, { client_id: 'signer' });
    expect([refused.status, bodyOf(refused)]).toMatchObject([401, { error: 'invalid_client' }]);
    expect((await server.revoke({ token: code, client_id: 'signer' })).status).toBe(401);
  });

  test('K9 F11 switching a client off holds at once, and switching it on again lets the same code through', async () => {
    const server = await anAuthorizationServer();
    const [code, tokens] = [await server.code(), await server.tokens()];
    await server.store.desk.disable(aClient().id);
    expect((await server.redeem(code)).status).toBe(401);
    expect((await server.refresh(tokens.refresh_token)).status).toBe(401);
    await server.store.desk.enable(aClient().id, aClient().expires);
    expect((await server.redeem(code)).status).toBe(200);
    expect((await server.refresh(tokens.refresh_token)).status).toBe(200);
  });
});

describe('how /token is called', () => {
  const post = { method: 'POST', path: '/token' } as const;
  const form = 'application/x-www-form-urlencoded';

  test.each([
    ['K1 GET', { path: '/token', query: 'grant_type=x' }, 405],
    ['K3 JSON', { ...post, headers: { 'content-type': 'application/json' }, body: '{}' }, 400],
    ['K3 multipart', { ...post, headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 400],
    ['K3 no type', { ...post, body: 'grant_type=x' }, 400],
    ['K3 two types', { ...post, headers: { 'content-type': `application/json, ${form}` } }, 400],
    ['K4 broken encoding', { ...post, headers: { 'content-type': form }, body: 'code=%zz' }, 400],
    ['K4 NUL', { ...post, headers: { 'content-type': form }, body: 'code=%00' }, 400],
    ['V11 GET /revoke', { path: '/revoke' }, 405],
  ])('%s is refused', async (_, parts, status) => {
    const server = await anAuthorizationServer();
    const response = await server.call('token', parts);
    expect(response.status).toBe(status);
    if (status === 405) expect(response.headers).toMatchObject({ allow: 'POST' });
    else expect(bodyOf(response)).toMatchObject({ error: 'invalid_request' });
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  test('K2 parameters in the query are refused even beside a good body, and the code stays unspent', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    expect((await server.token({ ...REDEEM, code }, { query: 'client_id=client-a' })).status).toBe(400);
    expect((await server.redeem(code)).status).toBe(200);
  });

  test('K3 the type may be in upper case and name a charset', async () => {
    const server = await anAuthorizationServer();
    for (const type of [form.toUpperCase(), `${form}; charset=utf-8`]) {
      const body = encode({ ...REDEEM, code: await server.code() });
      const response = await server.call('token', { ...post, headers: { 'content-type': type }, body });
      expect(response.status).toBe(200);
    }
  });

  test('K21 R38 a page may read the answer only from an origin that may call, and never with credentials', async () => {
    const server = await anAuthorizationServer();
    const evil = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const [name, path] of [
      ['token', '/token'],
      ['register', '/register'],
    ] as const) {
      const preflight = await server.call(name, { method: 'OPTIONS', path, headers: evil });
      expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
      expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials');
    }
    const answer = await server.redeem(await server.code());
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test('F23 a DPoP proof is ignored: the token stays a bearer token', async () => {
    const server = await anAuthorizationServer();
    const response = await server.token({ ...REDEEM, code: await server.code() }, { headers: { dpop: 'e.y.J' } });
    expect(bodyOf(response)).toMatchObject({ token_type: 'Bearer' });
  });

  test('K15 the resource may come with a trailing slash and an upper-case host', async () => {
    const server = await anAuthorizationServer();
    for (const resource of [`${RESOURCE}/`, 'HTTPS://MCP.example/mcp']) {
      expect((await server.redeem(await server.code(), { resource })).status).toBe(200);
    }
    expect((await server.redeem(await server.code(), { resource: `${RESOURCE}//` })).status).toBe(400);
  });
});

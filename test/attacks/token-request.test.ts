import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../functions/core/oauth/client.ts';
import { aClient } from '../support/builders.ts';
import { encode, expectRefused, type Fields, read } from './support/t-form.ts';
import { functionNamed } from './support/t-roles.ts';
import { nowSeconds, REDIRECT_URI, startTokenCloud, type TokenCloud, VERIFIER } from './support/t-token-cloud.ts';

/** What comes to /token malformed, unidentified or for another resource: refused, and the right request next is 200. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const goodForm = (code: string): Fields => ({
  grant_type: 'authorization_code',
  client_id: 'client-a',
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
  code,
});

/** The request is refused, nothing is written, and the code is good afterwards (NW, CU). */
async function refusedAndUnspent(
  send: (code: string) => ReturnType<TokenCloud['token']>,
  status: number,
  error: string,
): Promise<void> {
  const { code } = await here.mintCode();
  here.writes();
  expectRefused(await send(code), status, error);
  expect(here.writes()).toBe(0);
  expect((await here.redeem(code)).status).toBe(200);
}

describe('the shape of a request', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('K1 %s is 405 and says POST', async (method) => {
    const { code } = await here.mintCode();
    here.writes();
    const answer = await read(await fetch(`${here.cloud.issuer}/token?${encode(goodForm(code))}`, { method }));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(here.writes()).toBe(0);
    expect((await here.redeem(code)).status).toBe(200);
  });

  test('K2 parameters in the address are refused, alone and beside a body', async () => {
    const post = (search: string, body: string) =>
      fetch(`${here.cloud.issuer}/token?${search}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      }).then(read);
    await refusedAndUnspent((code) => post(encode(goodForm(code)), ''), 400, 'invalid_request');
    await refusedAndUnspent((code) => post('client_id=client-a', encode(goodForm(code))), 400, 'invalid_request');
  });

  test.each([
    ['JSON', 'application/json'],
    ['multipart', 'multipart/form-data; boundary=x'],
    ['two types', 'application/json, application/x-www-form-urlencoded'],
  ])('K3 a body of type %s is refused', async (_, type) => {
    await refusedAndUnspent(
      (code) =>
        here.redeem(
          code,
          {},
          {
            headers: { 'content-type': type },
            body: type === 'application/json' ? JSON.stringify(goodForm(code)) : encode(goodForm(code)),
          },
        ),
      400,
      'invalid_request',
    );
  });

  test('K3 a body without a type is refused', async () => {
    const send = (code: string) =>
      fetch(`${here.cloud.issuer}/token`, { method: 'POST', body: Buffer.from(encode(goodForm(code))) }).then(read);
    await refusedAndUnspent(send, 400, 'invalid_request');
  });

  test.each(['APPLICATION/X-WWW-FORM-URLENCODED', 'application/x-www-form-urlencoded; charset=utf-8'])(
    'K3 POSITIVE a body of type %s is read',
    async (type) => {
      const { code } = await here.mintCode();
      expect((await here.redeem(code, {}, { headers: { 'content-type': type } })).status).toBe(200);
    },
  );

  test('K4 a body of more than 16 kB is 413', async () => {
    const { code } = await here.mintCode();
    here.writes();
    expect((await here.redeem(code, { padding: 'x'.repeat(17_000) })).status).toBe(413);
    expect(here.writes()).toBe(0);
    expect((await here.redeem(code)).status).toBe(200);
  });

  test.each([
    ['broken percent-encoding', '&x=%zz'],
    ['a cut off percent-encoding', '&x=%4'],
    ['an encoded NUL', '&x=%00'],
    ['a raw NUL', '&x=\0'],
    ['bytes that are no UTF-8', '&x=%ff%fe'],
  ])('K4 %s is refused', async (_, tail) => {
    const send = (code: string) => here.redeem(code, {}, { body: `${encode(goodForm(code))}${tail}` });
    await refusedAndUnspent(send, 400, 'invalid_request');
  });

  test.each([true, false])('K4 POSITIVE a body whose base64 flag is %s is read as it says', async (isBase64Encoded) => {
    const { code } = await here.mintCode();
    const form = encode(goodForm(code));
    const { payload } = await here.cloud.invoke(here.cloud.resolver.ref(functionNamed(here.cloud, 'token')), {
      version: '2.0',
      rawPath: '/token',
      rawQueryString: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      requestContext: { requestId: 'request-1', http: { method: 'POST' } },
      body: isBase64Encoded ? Buffer.from(form).toString('base64') : form,
      isBase64Encoded,
    });
    expect(payload).toMatchObject({ statusCode: 200 });
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
  ])('K6 grant_type %s is refused', async (_, grant_type) => {
    await refusedAndUnspent((code) => here.redeem(code, { grant_type }), 400, 'invalid_request');
  });

  test.each([
    'password',
    'client_credentials',
    'implicit',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:device_code',
  ])('K7 grant_type %s is not there', async (grant_type) => {
    await refusedAndUnspent((code) => here.redeem(code, { grant_type }), 400, 'unsupported_grant_type');
  });
});

describe('the client', () => {
  test('K8 a request without client_id is 401', async () => {
    await refusedAndUnspent((code) => here.redeem(code, { client_id: undefined }), 401, 'invalid_client');
  });

  test.each(['nobody', 'client/a', 'x'.repeat(200), 'https://unknown.example/client.json'])(
    'K9 the unknown client %s is 401',
    async (client_id) => {
      await refusedAndUnspent((code) => here.redeem(code, { client_id }), 401, 'invalid_client');
    },
  );

  test.each([
    ['expired', { expires: nowSeconds() - 1 }],
    ['disabled', { status: 'off' }],
  ] as const)('K9 the code of an %s client stays unspent', async (name, changes: Partial<Client>) => {
    const client = aClient({ ...changes, id: `client-${name}` });
    await here.enrol(client);
    const { grant, code } = await here.mintCode({ clientId: client.id });
    const before = await here.item(grant);
    here.writes();
    expectRefused(await here.redeem(code, { client_id: client.id }), 401, 'invalid_client');
    expect(here.writes()).toBe(0);
    expect(await here.item(grant)).toEqual(before);
  });

  test.each([
    ['bad base64', { authorization: 'Basic %%%' }],
    ['no colon', basic('client-a')],
    ['bad percent-encoding', basic('client-a:%zz')],
    ['nothing', { authorization: 'Basic' }],
    ['another case', { authorization: 'bAsIc Y2xpZW50LWE6c2VjcmV0' }],
  ])('K11 a Basic header with %s is 401', async (_, headers) => {
    await refusedAndUnspent((code) => here.redeem(code, {}, { headers }), 401, 'invalid_client');
  });

  test('K12 a Basic header that names another client is 401', async () => {
    const send = (code: string) => here.redeem(code, {}, { headers: basic('client-b:secret') });
    await refusedAndUnspent(send, 401, 'invalid_client');
  });

  test.each([
    ['a secret', { client_secret: 'secret' }],
    ['an assertion', { client_assertion: 'a.b.c', client_assertion_type: 'x' }],
  ])('K12 a Basic header beside %s in the body is refused', async (_, changes) => {
    const send = (code: string) => here.redeem(code, changes, { headers: basic('client-a:secret') });
    await refusedAndUnspent(send, 400, 'invalid_request');
  });
});

describe('the resource', () => {
  const foreign: [string, (mine: string) => string | string[]][] = [
    ['another server', () => 'https://evil.example/mcp'],
    ['a fragment', (mine) => `${mine}#x`],
    ['two values', (mine) => [mine, mine]],
  ];
  test.each(foreign)('K15 %s is refused and spends neither code nor family', async (_, resource) => {
    const target = { resource: resource(here.cloud.mcpUrl) };
    await refusedAndUnspent((code) => here.redeem(code, target), 400, 'invalid_target');
    const { token } = await here.mintFamily();
    expectRefused(await here.refresh(token, target), 400, 'invalid_target');
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('K16 a grant for another resource gives no token for this one', async () => {
    const elsewhere = { resource: 'https://other.example/mcp' };
    const { grant, code } = await here.mintCode(elsewhere);
    const family = await here.mintFamily(elsewhere);
    const before = [await here.item(grant), await here.item(family.grant)];
    for (const named of [{ resource: here.cloud.mcpUrl }, {}]) {
      expectRefused(await here.redeem(code, named), 400, 'invalid_target');
      expectRefused(await here.refresh(family.token, named), 400, 'invalid_target');
    }
    expect([await here.item(grant), await here.item(family.grant)]).toEqual(before);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, cookiesOf, location, readConsentPage, type Tokens } from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';
import { type AuthorizationCloud, expectLocal, startAuthorizationCloud } from './support/q-authorization.ts';

/** GET /authorize, the controls: what real clients send is accepted, and is what the rest of the sign-in works with. */
let cloud: AuthorizationCloud;

beforeAll(async () => {
  cloud = await startAuthorizationCloud([aClient({ id: 'client-disabled' }), aClient({ id: 'client-moved' })]);
});
afterAll(() => cloud.close());
beforeEach(() => cloud.forget());

/** From a request to the client's redirect URI, by somebody who agrees and whom the provider knows. */
async function complete(changes: Parameters<AuthorizationCloud['agreed']>[0] = {}) {
  const { state, nonce, cookies } = await cloud.agreed(changes);
  cloud.provider.issue(cloud.provider.idToken({ nonce }));
  return cloud.callback(new URLSearchParams({ code: 'upstream', state }).toString(), cookies);
}

describe('a good request', () => {
  test('A1 gets a consent page, a cookie for this sign-in, and one item that lives ten minutes', async () => {
    const began = Math.floor(Date.now() / 1000);
    const page = await cloud.authorize();
    expect(page.status).toBe(200);
    expect(page.headers).not.toHaveProperty('location');
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    const { transaction } = readConsentPage(page).form;
    expect(page.cookies).toHaveLength(1);
    expect(page.cookies[0]).toMatch(new RegExp(`^__Host-txn-${transaction}=[\\w-]{43}; `));
    expect(cloud.writes()).toEqual(['dynamodb:PutItem']);
    const item = await cloud.transaction(transaction);
    expect(item?.st).toEqual({ S: 'pending' });
    expect(item?.ttl).toEqual(item?.exp);
    expect(Number(item?.exp?.N)).toBeGreaterThan(began);
    expect(Number(item?.exp?.N)).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 600);
  });

  test.each(['127.0.0.1', '[::1]', 'localhost'])(
    'A2 %s may come with another port, and gets its answer there',
    async (host) => {
      const redirect_uri = `http://${host}:51234/cb`;
      const { id } = await cloud.shown({ redirect_uri });
      expect((await cloud.transaction(id))?.uri).toEqual({ S: redirect_uri });
      const landed = location(await complete({ redirect_uri }));
      expect(landed.startsWith(`${redirect_uri}?code=`)).toBe(true);
      const code = new URL(landed).searchParams.get('code') ?? '';
      expect((await cloud.redeem(code, { redirect_uri })).status).toBe(200);
    },
  );

  test('A21 no resource means the one there is', async () => {
    const { id } = await cloud.shown({ resource: undefined });
    expect((await cloud.transaction(id))?.res).toEqual({ S: cloud.resource });
  });

  test('A22 upper case in scheme and host, and one slash too many, are the same resource', async () => {
    const { host } = new URL(cloud.resource);
    for (const resource of [`HTTP://${host.toUpperCase()}/mcp`, `${cloud.resource}/`]) {
      const { id } = await cloud.shown({ resource });
      expect((await cloud.transaction(id))?.res).toEqual({ S: cloud.resource });
    }
  });

  test('A24 of known and unknown scopes the known are shown, stored and granted', async () => {
    const scope = 'openid orders:read';
    const { id, form } = await cloud.shown({ scope });
    expect(form.scope).toEqual(['orders:read']);
    expect((await cloud.transaction(id))?.scope).toEqual({ L: [{ S: 'orders:read' }] });
    const code = new URL(location(await complete({ scope }))).searchParams.get('code') ?? '';
    expect(bodyOf<Tokens>(await cloud.redeem(code)).scope).toBe('orders:read');
  });

  test('A26 no scope means the default, which is on the page', async () => {
    const { id, form } = await cloud.shown({ scope: undefined });
    expect(form.scope).toEqual(['orders:read', 'tickets:read']);
    expect((await cloud.transaction(id))?.scope).toEqual({ L: [{ S: 'orders:read' }, { S: 'tickets:read' }] });
  });

  test('A27 no state is given back when none came', async () => {
    const { searchParams } = new URL(location(await complete({ state: undefined })));
    expect([searchParams.has('code'), searchParams.has('state')]).toEqual([true, false]);
  });

  test.each([
    ['2 kB', 'x'.repeat(2048)],
    ['a line break', 'a\r\nSet-Cookie: b=c'],
    ['an escaped line break', 'a%0d%0ab'],
    ['markup', '<script>alert(1)</script>'],
    ['other scripts', '☃ ü 🦊'],
    ['what encodings mistake', 'a b+c%20&=#'],
  ])('A29 a state of %s comes back byte for byte, encoded once', async (_, state) => {
    const answer = await complete({ state });
    expect(location(answer)).toMatch(/^[\x21-\x7e]+$/);
    expect(decodeURIComponent(/[?&]state=([^&]*)/.exec(location(answer))?.[1] ?? '')).toBe(state);
    expect(Object.keys(cookiesOf(answer)).every((name) => name.startsWith('__Host-'))).toBe(true);
  });

  test('A37 credentials that no client ever got are not looked at', async () => {
    const headers = { authorization: `Basic ${Buffer.from('client-b:secret').toString('base64')}` };
    expect((await cloud.authorize({ client_secret: 'x' }, { headers })).status).toBe(200);
  });

  test('A40 an unknown parameter is ignored, however often it comes', async () => {
    expect((await cloud.authorize({ foo: 'bar', nonce: ['a', 'b'] })).status).toBe(200);
  });

  test('A42 the page cannot be framed', async () => {
    const { headers } = await cloud.authorize();
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-frame-options']).toBe('DENY');
  });
});

describe('consent is asked every time', () => {
  test('A34 the same person and client, approved a moment ago, are asked again', async () => {
    expect(new URL(location(await complete())).searchParams.has('code')).toBe(true);
    cloud.forget();
    const page = await cloud.authorize();
    expect([page.status, page.headers.location]).toEqual([200, undefined]);
    expect(cloud.writes()).toEqual(['dynamodb:PutItem']);
    expect((await cloud.transaction(readConsentPage(page).form.transaction))?.st).toEqual({ S: 'pending' });
  });

  test.each(['cross-site', 'same-origin', undefined])(
    'A35 cookies of an approved sign-in skip nothing (Sec-Fetch-Site %s)',
    async (site) => {
      const { cookies, id } = await cloud.agreed();
      cloud.forget();
      const headers: Record<string, string> = site === undefined ? {} : { 'sec-fetch-site': site };
      const page = await cloud.authorize({}, { headers, cookies });
      expect([page.status, page.headers.location]).toEqual([200, undefined]);
      const { transaction } = readConsentPage(page).form;
      expect(transaction).not.toBe(id);
      expect(cloud.writes()).toEqual(['dynamodb:PutItem']);
      expect((await cloud.transaction(transaction))?.st).toEqual({ S: 'pending' });
    },
  );
});

describe('a client that changes while somebody signs in', () => {
  test.each([
    ['switched off', 'client-disabled', () => cloud.disable('client-disabled')],
    ['given other addresses', 'client-moved', () => cloud.move('client-moved', ['https://client.example/new'])],
  ])('A12 %s: the way back ends on a page, and no code is minted', async (_, client_id, change) => {
    const { state, cookies } = await cloud.agreed({ client_id });
    await change();
    cloud.forget();
    const asked = cloud.provider.seen.token.length;
    const answer = await cloud.callback(new URLSearchParams({ code: 'upstream', state }).toString(), cookies);
    expectLocal(answer);
    expect(cloud.writes()).toEqual(['dynamodb:UpdateItem']);
    expect(cloud.provider.seen.token.length).toBe(asked);
  });
});

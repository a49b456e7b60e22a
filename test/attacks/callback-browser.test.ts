import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { location } from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';
import {
  type AuthorizationCloud,
  expectLocal,
  expectRedirected,
  RECORDED,
  startAuthorizationCloud,
} from './support/q-authorization.ts';

/** GET /callback: only the browser that a person agreed in comes back, once, in time, and with what it was given. */
let cloud: AuthorizationCloud;

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback';

beforeAll(async () => {
  cloud = await startAuthorizationCloud([aClient({ id: 'client-cursor', redirectUris: [CURSOR] })]);
});
afterAll(() => cloud.close());
beforeEach(() => cloud.forget());

type Agreed = Awaited<ReturnType<AuthorizationCloud['agreed']>>;
type Cookies = Readonly<Record<string, string>>;

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

function comeBack({ state, nonce, cookies }: Agreed) {
  cloud.provider.issue(cloud.provider.idToken({ nonce }));
  return cloud.callback(query({ code: 'upstream-code', state }), cookies);
}

const without = (prefix: string) => (cookies: Cookies) =>
  Object.fromEntries(Object.entries(cookies).filter(([name]) => !name.startsWith(prefix)));

describe('the way back', () => {
  test('U1 U24 ends with code, state and our exact name at the client, one grant, and no cookies', async () => {
    const agreed = await cloud.agreed();
    cloud.forget();
    const answer = await comeBack(agreed);
    expect(answer.status).toBe(303);
    expect(location(answer).startsWith('https://client.example/cb?code=')).toBe(true);
    const { searchParams } = new URL(location(answer));
    expect([...searchParams.keys()]).toEqual(['code', 'state', 'iss']);
    const metadata = await cloud.send('/.well-known/oauth-authorization-server');
    const { issuer } = JSON.parse(metadata.body) as { readonly issuer: string };
    expect([searchParams.get('state'), searchParams.get('iss')]).toEqual(['xyz', issuer]);
    expect(
      answer.cookies.map((cookie) => /^(__Host-[a-z]+-)[\w-]{22}=; Max-Age=0; Path=\/;/.exec(cookie)?.[1]),
    ).toEqual(['__Host-txn-', '__Host-st-']);
    expect(cloud.writes()).toEqual(['dynamodb:UpdateItem', 'dynamodb:PutItem', RECORDED]);
    expect((await cloud.transaction(agreed.id))?.st).toEqual({ S: 'done' });
    expect((await cloud.redeem(searchParams.get('code') ?? '')).status).toBe(200);
  });

  test('U23 the code is in no referrer, no cache and no log', async () => {
    const answer = await comeBack(await cloud.agreed());
    expect(answer.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    const code = new URL(location(answer)).searchParams.get('code') ?? '';
    const requests = () => cloud.logs.filter((line) => line.includes('grant_id')).length;
    await vi.waitFor(() => expect(requests()).toBeGreaterThan(0));
    for (const secret of [code, code.split('.')[1] ?? code, 'upstream-code', 'upstream-access-token']) {
      expect(secret.length).toBeGreaterThan(10);
      expect(cloud.logs.join('\n')).not.toContain(secret);
    }
  });

  test('U22 a custom scheme is reached only after a page that named it', async () => {
    const changes = { client_id: 'client-cursor', redirect_uri: CURSOR };
    expect((await cloud.authorize(changes)).body).toMatch(/opens <strong>cursor:<\/strong> links/);
    const answer = await comeBack(await cloud.agreed(changes));
    expect(answer.status).toBe(303);
    expect(location(answer).startsWith(`${CURSOR}?code=`)).toBe(true);
  });

  test('U1 ten ways back at once are one: one code, one grant', async () => {
    const agreed = await cloud.agreed();
    cloud.provider.issue(cloud.provider.idToken({ nonce: agreed.nonce }));
    cloud.forget();
    const parameters = query({ code: 'upstream-code', state: agreed.state });
    const answers = await Promise.all(Array.from({ length: 10 }, () => cloud.callback(parameters, agreed.cookies)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array.from({ length: 9 }, () => 403)]);
    expect(cloud.writes().filter((call) => call === 'dynamodb:PutItem')).toHaveLength(1);
  });

  test.each(['UpdateItem', 'PutItem'])(
    'U1 a lost answer to %s does not cost the person their sign-in',
    async (operation) => {
      const agreed = await cloud.agreed();
      cloud.faults.loseAnswer(`dynamodb:${operation}`);
      const code = new URL(location(await comeBack(agreed))).searchParams.get('code') ?? '';
      expect((await cloud.redeem(code)).status).toBe(200);
    },
  );

  test('U25 no answer to a POST keeps the method: 303 for yes and for no', async () => {
    for (const decision of ['approve', 'deny']) {
      const { form, cookies } = await cloud.shown();
      expect((await cloud.consent({ ...form, decision }, { cookies })).status).toBe(303);
    }
  });
});

describe('somebody else’s way back', () => {
  test.each<[string, (state: string) => string, ((cookies: Cookies) => Cookies)?]>([
    ['U2 no state', () => 'code=x'],
    ['U2 an empty state', () => 'code=x&state='],
    ['U2 an unknown state', () => query({ code: 'x', state: `${'A'.repeat(22)}.${'B'.repeat(43)}` })],
    ['U2 a tampered secret', (state) => query({ code: 'x', state: `${state.slice(0, -2)}__` })],
    ['U2 a tampered id', (state) => query({ code: 'x', state: `A${state.slice(1)}` })],
    ['U2 a state that was cut', (state) => query({ code: 'x', state: state.slice(0, 40) })],
    ['U2 a state that goes on', (state) => query({ code: 'x', state: `${state}.x` })],
    ['U3 no cookie of the way back', (state) => query({ code: 'x', state }), without('__Host-st-')],
    ['U3 no cookie at all', (state) => query({ code: 'x', state }), () => ({})],
    [
      'U3 the cookie of another browser',
      (state) => query({ code: 'x', state }),
      (cookies) => Object.fromEntries(Object.keys(cookies).map((name) => [name, 'B'.repeat(43)])),
    ],
  ])('%s is 403: nothing changes and the provider is not asked', async (_, queryOf, cookiesOf) => {
    const agreed = await cloud.agreed();
    const before = await cloud.transaction(agreed.id);
    const asked = cloud.provider.seen.token.length;
    expectLocal(await cloud.callback(queryOf(agreed.state), cookiesOf?.(agreed.cookies) ?? agreed.cookies), 403);
    expect(await cloud.transaction(agreed.id)).toEqual(before);
    expect(cloud.provider.seen.token.length).toBe(asked);
    expect(new URL(location(await comeBack(agreed))).searchParams.has('code')).toBe(true);
  });

  test('U2 two states are 400, and neither counts', async () => {
    const agreed = await cloud.agreed();
    const twice = `${query({ code: 'x', state: agreed.state })}&${query({ state: agreed.state })}`;
    expectLocal(await cloud.callback(twice, agreed.cookies), 400);
    expect((await cloud.transaction(agreed.id))?.st).toEqual({ S: 'approved' });
  });

  test('U5 a sign-in nobody agreed to has no way back, whatever state and cookie are made up', async () => {
    const { id, cookies } = await cloud.shown();
    cloud.forget();
    const secrets = ['A'.repeat(43), Object.values(cookies)[0] ?? ''];
    for (const secret of secrets) {
      const made = { ...cookies, [`__Host-st-${id}`]: secret };
      expectLocal(await cloud.callback(query({ code: 'made-up', state: `${id}.${secret}` }), made), 403);
    }
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
    expect(cloud.provider.seen.token.some(({ form }) => form.get('code') === 'made-up')).toBe(false);
  });

  test('U7 after ten minutes it is too late, though the item is still there', async () => {
    const agreed = await cloud.agreed();
    await cloud.expire(agreed.id);
    const before = await cloud.transaction(agreed.id);
    const asked = cloud.provider.seen.token.length;
    cloud.forget();
    expectLocal(await comeBack(agreed), 403);
    expect(await cloud.transaction(agreed.id)).toEqual(before);
    expect(cloud.writes()).not.toContain('dynamodb:PutItem');
    expect(cloud.provider.seen.token.length).toBe(asked);
  });

  test('U7 a way back is gone once it was used', async () => {
    const agreed = await cloud.agreed();
    expect(new URL(location(await comeBack(agreed))).searchParams.has('code')).toBe(true);
    expectLocal(await comeBack(agreed), 403);
  });

  test('U21 form_post is 405: the cookies would not come with it', async () => {
    const { state, cookies, id } = await cloud.agreed();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await cloud.send(
      '/callback',
      { method: 'POST', headers, body: query({ code: 'x', state }) },
      cookies,
    );
    expect([answer.status, answer.headers.allow, answer.headers.location]).toEqual([405, 'GET', undefined]);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'approved' });
  });
});

describe('a provider that says no', () => {
  test.each([
    ['U8 access_denied', { error: 'access_denied', error_description: 'User is in tenant 4711' }],
    ['U9 markup', { error: '<script>alert(1)</script>', error_description: '<img src=x>' }],
    ['U9 a line break', { error: 'x\r\nSet-Cookie: a=b', error_description: 'y\r\n{"level":"ERROR"}' }],
    ['U8 a code beside the error', { error: 'server_error', code: 'upstream-code' }],
  ])('%s reaches the client in our words, and nobody in theirs', async (_, upstream) => {
    const { id, state, cookies } = await cloud.agreed();
    const asked = cloud.provider.seen.token.length;
    const logged = cloud.logs.length;
    cloud.forget();
    const answer = await cloud.callback(query({ ...upstream, state }), cookies);
    const { error_description } = expectRedirected(answer, 'access_denied', { issuer: cloud.issuer });
    expect(error_description).toBe('The sign-in did not succeed.');
    expect(cloud.writes()).toEqual(['dynamodb:UpdateItem', RECORDED]);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'done' });
    expect(cloud.provider.seen.token.length).toBe(asked);
    await vi.waitFor(() => expect(cloud.logs.slice(logged).join('\n')).toContain('/callback'));
    expect(cloud.logs.slice(logged).join('\n')).not.toMatch(/script|<img|Set-Cookie|tenant 4711|\\"level/);
  });
});

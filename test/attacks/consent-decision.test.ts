import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digest } from '../../functions/core/oauth/digest.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { cookiesOf, location } from '../support/authorization-server.ts';
import {
  type AuthorizationCloud,
  expectLocal,
  expectRedirected,
  RECORDED,
  startAuthorizationCloud,
} from './support/q-authorization.ts';

/** POST /consent: a decision counts from the browser and the page it was asked on, once, and in time. */
let cloud: AuthorizationCloud;

beforeAll(async () => {
  cloud = await startAuthorizationCloud();
});
afterAll(() => cloud.close());
beforeEach(() => cloud.forget());

type Shown = Awaited<ReturnType<AuthorizationCloud['shown']>>;

const withoutPrefix = (cookies: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(cookies).map(([name, value]) => [name.replace('__Host-', ''), value]));

describe('yes and no', () => {
  test('S1 yes leads to the identity provider with fresh state, nonce and PKCE, and sets its cookie now', async () => {
    const { form, cookies, id } = await cloud.shown();
    const answer = await cloud.consent(form, { cookies });
    expect(answer.status).toBe(303);
    const url = new URL(location(answer));
    expect(url.origin + url.pathname).toBe(`${cloud.provider.issuer}/authorize`);
    const { state = '', nonce = '', ...query } = Object.fromEntries(url.searchParams);
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: cloud.identityClient.id,
      redirect_uri: `${cloud.issuer}/callback`,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(nonce).toMatch(/^[\w-]{43}$/);
    expect(Object.keys(cookiesOf(answer))).toEqual([`__Host-st-${id}`]);
    const item = await cloud.transaction(id);
    expect(item).toMatchObject({ st: { S: 'approved' }, ust: { S: digest(state.split('.')[1] ?? '') } });
    expect(JSON.stringify(item)).not.toContain(state.split('.')[1]);

    const again = await cloud.agreed();
    expect([again.state, again.nonce]).not.toEqual([state, nonce]);
  });

  test('S1 of ten clicks at once one counts', async () => {
    const { form, cookies } = await cloud.shown();
    const answers = await Promise.all(Array.from({ length: 10 }, () => cloud.consent(form, { cookies })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array.from({ length: 9 }, () => 403)]);
  });

  test('S1 a lost answer of the table is no second click, and a table that is down leaves the page usable', async () => {
    const { form, cookies, id } = await cloud.shown();
    cloud.faults.failNext('dynamodb:UpdateItem', new AwsError('ThrottlingException', 'Rate exceeded'), 3);
    expectLocal(await cloud.consent(form, { cookies }), 503);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
    cloud.faults.loseAnswer('dynamodb:UpdateItem');
    expect((await cloud.consent(form, { cookies })).status).toBe(303);
  });

  test('S2 no goes back to the client, the provider never hears of it, and there is no yes after it', async () => {
    const { form, cookies, id } = await cloud.shown();
    cloud.forget();
    const asked = { ...cloud.provider.seen, token: cloud.provider.seen.token.length };
    const answer = await cloud.consent({ ...form, decision: 'deny' }, { cookies });
    expectRedirected(answer, 'access_denied', { issuer: cloud.issuer });
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'denied' });
    expect(cloud.writes()).toEqual(['dynamodb:UpdateItem', RECORDED]);
    expect({ ...cloud.provider.seen, token: cloud.provider.seen.token.length }).toEqual(asked);
    expectLocal(await cloud.consent(form, { cookies }), 403);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'denied' });
  });

  test('S10 two tabs of one browser both end with a code', async () => {
    const [one, two] = [await cloud.shown(), await cloud.shown()];
    let cookies = { ...one.cookies, ...two.cookies };
    for (const { form, id } of [one, two]) {
      const approved = await cloud.consent(form, { cookies });
      cookies = { ...cookies, ...cookiesOf(approved) };
      const { searchParams } = new URL(location(approved));
      cloud.provider.issue(cloud.provider.idToken({ nonce: searchParams.get('nonce') }));
      const query = new URLSearchParams({ code: 'upstream', state: searchParams.get('state') ?? '' });
      const landed = new URL(location(await cloud.callback(query.toString(), cookies)));
      expect(landed.searchParams.has('code')).toBe(true);
      expect((await cloud.transaction(id))?.st).toEqual({ S: 'done' });
    }
  });
});

describe('a decision that is not the person’s', () => {
  test.each<[string, (shown: Shown, other: Shown) => Partial<{ form: object; cookies: object; headers: object }>]>([
    ['S3 no cookie', () => ({ cookies: {} })],
    ['S3 the cookie of another sign-in', (_, other) => ({ cookies: other.cookies })],
    [
      'S3 the right name with another value',
      ({ id }, { cookies }) => ({
        cookies: { [`__Host-txn-${id}`]: Object.values(cookies)[0] },
      }),
    ],
    ['S5 no csrf field', () => ({ form: { csrf: undefined } })],
    ['S5 a wrong csrf field', () => ({ form: { csrf: 'A'.repeat(43) } })],
    [
      'S5 the csrf field of another sign-in',
      ({ cookies: mine }, { form, cookies }) => ({ form: { csrf: form.csrf }, cookies: { ...mine, ...cookies } }),
    ],
    ['S6 another origin', () => ({ headers: { origin: 'https://evil.example' } })],
    ['S6 the origin null', () => ({ headers: { origin: 'null' } })],
    ['S6 cross-site', () => ({ headers: { 'sec-fetch-site': 'cross-site' } })],
    ['S6 same-site', () => ({ headers: { 'sec-fetch-site': 'same-site' } })],
    ['S21 a cookie without its prefix', ({ cookies }) => ({ cookies: withoutPrefix(cookies) })],
    ['S21 a transaction nobody began', () => ({ form: { transaction: 'A'.repeat(22) } })],
  ])('%s is 403, and the sign-in stands where it stood', async (_, changesOf) => {
    const [mine, other] = [await cloud.shown(), await cloud.shown()];
    const before = await cloud.transaction(mine.id);
    const changes = changesOf(mine, other);
    const cookies = { ...(changes.cookies ?? mine.cookies) };
    const answer = await cloud.consent({ ...mine.form, ...changes.form }, { cookies, headers: { ...changes.headers } });
    expectLocal(answer, 403);
    expect(await cloud.transaction(mine.id)).toEqual(before);
    const { origin } = new URL(cloud.issuer);
    const own = await cloud.consent(mine.form, {
      cookies: mine.cookies,
      headers: { origin, 'sec-fetch-site': 'same-origin' },
    });
    expect(own.status).toBe(303);
  });

  test('S7 a link is no decision', async () => {
    const { form, cookies, id } = await cloud.shown();
    const query = new URLSearchParams({ transaction: id, csrf: form.csrf, decision: 'approve', scope: 'orders:read' });
    const answer = await cloud.send(`/consent?${query}`, {}, cookies);
    expect([answer.status, answer.headers.allow, answer.headers.location]).toEqual([405, 'POST', undefined]);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
  });

  test.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x'])('S8 %s is 415', async (type) => {
    const { form, cookies, id } = await cloud.shown();
    expectLocal(await cloud.consent(form, { cookies, headers: { 'content-type': type } }), 415);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
  });

  test.each(['approve', 'deny'])(
    'S11 ten minutes later %s is too late, though the item is still there',
    async (decision) => {
      const { form, cookies, id } = await cloud.shown();
      await cloud.expire(id);
      const before = await cloud.transaction(id);
      const answer = await cloud.consent({ ...form, decision }, { cookies });
      expectLocal(answer, 403);
      expect(answer.body).toContain('Start again');
      expect(await cloud.transaction(id)).toEqual(before);
    },
  );

  test.each([
    ['no decision', { decision: undefined }],
    ['another decision', { decision: '2' }],
    ['both decisions', { decision: ['approve', 'deny'] }],
    ['one decision twice', { decision: ['approve', 'approve'] }],
    ['no scope left', { scope: undefined }],
  ])('S14 %s is 400, and the page still counts', async (_, changes) => {
    const { form, cookies, id } = await cloud.shown();
    expectLocal(await cloud.consent({ ...form, ...changes }, { cookies }), 400);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
    expect((await cloud.consent(form, { cookies })).status).toBe(303);
  });
});

describe('the cookies', () => {
  test('S20 every cookie is __Host-, Secure, HttpOnly, Lax, for ten minutes at most, and of no domain', async () => {
    const page = await cloud.authorize();
    const { form, cookies, id } = await cloud.shown();
    const approved = await cloud.consent(form, { cookies });
    const all = [...page.cookies, ...approved.cookies];
    expect(all).toHaveLength(2);
    for (const cookie of all) {
      expect(cookie).toMatch(
        /^__Host-(txn|st)-[\w-]{22}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    }
    expect(approved.cookies[0]).toContain(id);
  });

  test('S21 a cookie that a sibling domain could have set is not looked at, even beside none of ours', async () => {
    const { form, id } = await cloud.shown();
    const tossed = { [`txn-${id}`]: 'A'.repeat(43), [`__Secure-txn-${id}`]: 'A'.repeat(43), txn: id };
    expectLocal(await cloud.consent(form, { cookies: tossed }), 403);
    expect((await cloud.transaction(id))?.st).toEqual({ S: 'pending' });
  });
});

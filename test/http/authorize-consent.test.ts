import { describe, expect, test } from 'vitest';
import type { Transaction } from '../../functions/core/oauth/transaction.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import {
  anAuthorizationServer,
  cookiesOf,
  ISSUER,
  location,
  readConsentPage,
} from '../support/authorization-server.ts';

type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

const transactions = (server: Server): Transaction[] =>
  server.store.contents().filter((item): item is Transaction => 'browser' in item);

async function shown() {
  const server = await anAuthorizationServer();
  const { form, cookies } = readConsentPage(await server.authorize());
  const pending = () => transactions(server).find(({ id }) => id === form.transaction)?.status;
  return { server, form: { ...form, decision: 'approve' }, cookies, pending };
}

describe('POST /consent', () => {
  test('S1 yes leads to the identity provider, and only now its state exists', async () => {
    const { server, form, cookies } = await shown();
    expect(transactions(server)[0]?.upstream).toBeUndefined();
    const response = await server.consent(form, { cookies });
    expect(response.status).toBe(303);
    const url = new URL(location(response));
    expect(url.origin).toBe('https://idp.example');
    const [id, secret] = (url.searchParams.get('state') ?? '').split('.');
    expect(cookiesOf(response)).toEqual({ [`__Host-st-${id}`]: secret });
    expect(response.cookies?.[0]).toMatch(/; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const [transaction] = transactions(server);
    expect(transaction).toMatchObject({ status: 'approved', agreed: form.scope });
    expect(JSON.stringify(transaction)).not.toContain(secret);
  });

  test('S2 no goes back to the client, and the provider never hears of it', async () => {
    let asked = 0;
    const server = await anAuthorizationServer({
      identity: {
        authorizationUrl: async () => {
          asked++;
          return ok('https://idp.example/');
        },
      },
    });
    const { form, cookies } = readConsentPage(await server.authorize());
    const response = await server.consent({ ...form, decision: 'deny' }, { cookies });
    const url = new URL(location(response));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ error: 'access_denied', state: 'xyz', iss: ISSUER });
    expect(transactions(server)[0]?.status).toBe('denied');
    expect(asked).toBe(0);
    expect((await server.consent({ ...form, decision: 'approve' }, { cookies })).status).toBe(403);
    expect(transactions(server)[0]?.status).toBe('denied');
  });

  test.each([
    ['S3 no cookie', {}, () => ({ cookies: {} })],
    ['S5 no csrf', { csrf: undefined }, undefined],
    ['S5 wrong csrf', { csrf: 'A'.repeat(43) }, undefined],
    ['no transaction', { transaction: undefined }, undefined],
    ['an unknown transaction', { transaction: 'A'.repeat(22) }, undefined],
    ['S6 another origin', {}, () => ({ headers: { origin: 'https://evil.example' } })],
    ['S6 no origin to speak of', {}, () => ({ headers: { origin: 'null' } })],
    ['S6 cross-site', {}, () => ({ headers: { 'sec-fetch-site': 'cross-site' } })],
    ['S6 same-site', {}, () => ({ headers: { 'sec-fetch-site': 'same-site' } })],
    ['S21 a cookie without its prefix', {}, (cookies: Record<string, string>) => ({ cookies: bare(cookies) })],
  ])('%s is 403, and the sign-in stands where it stood', async (_, changes, more) => {
    const { server, form, cookies, pending } = await shown();
    const response = await server.consent({ ...form, ...changes }, { cookies, ...more?.(cookies) });
    expect([response.status, response.headers?.location]).toEqual([403, undefined]);
    expect(response.cookies ?? []).toEqual([]);
    expect(pending()).toBe('pending');
  });

  const bare = (cookies: Record<string, string>) =>
    Object.fromEntries(Object.entries(cookies).map(([name, value]) => [name.replace('__Host-', ''), value]));

  test('S5 the csrf field and the cookie of another tab are of no use', async () => {
    const { server, form, cookies, pending } = await shown();
    const other = readConsentPage(await server.authorize());
    const swapped = await server.consent({ ...form, csrf: other.form.csrf }, { cookies });
    expect(swapped.status).toBe(403);
    const [name = ''] = Object.keys(cookies);
    const [value = ''] = Object.values(other.cookies);
    expect((await server.consent(form, { cookies: { [name]: value } })).status).toBe(403);
    expect(pending()).toBe('pending');
  });

  test.each([
    ['S14 no decision', { decision: undefined }],
    ['S14 another decision', { decision: '2' }],
    ['S14 both', { decision: ['approve', 'deny'] }],
    ['S14 approve twice', { decision: ['approve', 'approve'] }],
    ['every box unticked', { scope: undefined }],
  ])('%s is 400, and the page still counts', async (_, changes) => {
    const { server, form, cookies, pending } = await shown();
    expect((await server.consent({ ...form, ...changes }, { cookies })).status).toBe(400);
    expect(pending()).toBe('pending');
    expect((await server.consent(form, { cookies })).status).toBe(303);
  });

  test.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x'])('S8 %s is 415', async (type) => {
    const { server, form, cookies, pending } = await shown();
    const response = await server.consent(form, { cookies, headers: { 'content-type': type } });
    expect(response.status).toBe(415);
    expect(pending()).toBe('pending');
  });

  test('S10 two tabs of one browser do not undo each other', async () => {
    const server = await anAuthorizationServer();
    const [one, two] = [readConsentPage(await server.authorize()), readConsentPage(await server.authorize())];
    const cookies = { ...one.cookies, ...two.cookies };
    for (const { form } of [one, two]) {
      const approved = await server.consent({ ...form, decision: 'approve' }, { cookies });
      const state = new URL(location(approved)).searchParams.get('state') ?? '';
      const back = new URLSearchParams({ code: 'ada', state });
      const done = await server.callback(back.toString(), { ...cookies, ...cookiesOf(approved) });
      expect(new URL(location(done)).searchParams.has('code')).toBe(true);
    }
  });

  test('S11 after ten minutes it is too late, whatever the table still holds', async () => {
    const { server, form, cookies, pending } = await shown();
    server.clock.advance('10m');
    const response = await server.consent(form, { cookies });
    expect(response.status).toBe(403);
    expect(response.body).toContain('Start again');
    expect(pending()).toBe('pending');
  });

  test('after a yes there is no no, and after a no no yes', async () => {
    const { server, form, cookies, pending } = await shown();
    await server.consent(form, { cookies });
    expect((await server.consent({ ...form, decision: 'deny' }, { cookies })).status).toBe(403);
    expect(pending()).toBe('approved');
    const other = await shown();
    expect((await other.server.consent({ ...other.form, decision: 'deny' }, other)).status).toBe(303);
    expect((await other.server.consent(other.form, other)).status).toBe(403);
    expect(other.pending()).toBe('denied');
  });

  test('the same yes twice is refused: each step of a sign-in happens once', async () => {
    const { server, form, cookies } = await shown();
    expect((await server.consent(form, { cookies })).status).toBe(303);
    expect((await server.consent(form, { cookies })).status).toBe(403);
  });

  test('a provider that cannot be reached leaves the page usable', async () => {
    let down = true;
    const server = await anAuthorizationServer({
      identity: {
        authorizationUrl: async ({ state }) =>
          down ? refuse({ reason: 'identity-unavailable', detail: 'down' }) : ok(`https://idp.example/?state=${state}`),
      },
    });
    const { form, cookies } = readConsentPage(await server.authorize());
    expect((await server.consent({ ...form, decision: 'approve' }, { cookies })).status).toBe(503);
    down = false;
    expect((await server.consent({ ...form, decision: 'approve' }, { cookies })).status).toBe(303);
  });
});

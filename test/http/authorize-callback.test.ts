import { describe, expect, test } from 'vitest';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import {
  anAuthorizationServer,
  bodyOf,
  cookiesOf,
  ISSUER,
  location,
  readConsentPage,
  type ServerOptions,
  type Tokens,
} from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

/** A sign-in that a person agreed to, whose browser is about to come back. */
async function agreed(options: ServerOptions = {}) {
  const server = await anAuthorizationServer(options);
  const { form, cookies } = readConsentPage(await server.authorize());
  const approved = await server.consent({ ...form, decision: 'approve' }, { cookies });
  const state = new URL(location(approved)).searchParams.get('state') ?? '';
  const grants = () => server.store.contents().filter((item): item is Grant => 'codeExpires' in item);
  const status = () => server.store.contents().find(({ id }) => id === form.transaction)?.status;
  return { server, state, cookies: { ...cookies, ...cookiesOf(approved) }, grants, status, form };
}

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

/** The right name, and a value that this server gave to somebody else. */
const otherBrowser = (cookies: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.keys(cookies).map((name) => [name, 'B'.repeat(43)]));

describe('GET /callback', () => {
  test('U1 U23 U24 U25 the client gets a code, its state and our name, and the cookies are gone', async () => {
    const { server, state, cookies, grants, status } = await agreed();
    const response = await server.callback(query({ code: 'ada', state }), cookies);
    expect(response.status).toBe(303);
    expect(response.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    const url = new URL(location(response));
    expect([...url.searchParams.keys()]).toEqual(['code', 'state', 'iss']);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ state: 'xyz', iss: ISSUER });
    expect(response.cookies).toHaveLength(2);
    for (const cookie of response.cookies ?? []) expect(cookie).toMatch(/^__Host-(txn|st)-[\w-]{22}=; Max-Age=0;/);
    expect(grants()).toHaveLength(1);
    expect(status()).toBe('done');
    expect(server.log.notes.at(-1)).toBe('ada agreed: orders:read tickets:read tickets:write (Example)');
    expect(server.log.text()).not.toContain(url.searchParams.get('code'));
  });

  test.each([
    ['U2 no state', () => '', undefined],
    ['U2 an unknown state', () => query({ state: `${'A'.repeat(22)}.${'B'.repeat(43)}` }), undefined],
    ['U2 a tampered state', (state: string) => query({ state: `${state.slice(0, -1)}_` }), undefined],
    ['U2 a cut state', (state: string) => query({ state: state.slice(0, 30) }), undefined],
    ['U2 two states', (state: string) => `${query({ state })}&${query({ state })}`, undefined],
    ['U3 no cookie', (state: string) => query({ state }), () => ({})],
    ['U4 the cookie of another browser', (state: string) => query({ state }), otherBrowser],
  ])('%s is refused, nothing changes and the provider is not asked', async (_, queryOf, cookiesFrom) => {
    let exchanged = 0;
    const exchange = async () => {
      exchanged++;
      return ok({ subject: 'ada', roles: ['editor'], tenant: undefined });
    };
    const { server, state, cookies, grants, status } = await agreed({ identity: { exchange } });
    const response = await server.callback(`code=ada&${queryOf(state)}`, cookiesFrom?.(cookies) ?? cookies);
    expect(response.headers).not.toHaveProperty('location');
    expect(response.status).toBe(queryOf(state).split('state=').length > 2 ? 400 : 403);
    expect([grants(), status(), exchanged]).toEqual([[], 'approved', 0]);
    expect((await server.callback(query({ code: 'ada', state }), cookies)).status).toBe(303);
  });

  test('U5 a state without consent does not exist: the page’s own id is no way in', async () => {
    const server = await anAuthorizationServer();
    const { form, cookies } = readConsentPage(await server.authorize());
    const state = `${form.transaction}.${'A'.repeat(43)}`;
    const forged = { ...cookies, [`__Host-st-${form.transaction}`]: 'A'.repeat(43) };
    expect((await server.callback(query({ code: 'ada', state }), forged)).status).toBe(403);
    expect(server.store.contents().find(({ id }) => id === form.transaction)?.status).toBe('pending');
  });

  test('U7 after ten minutes, and for the second time, there is nothing to come back to', async () => {
    const late = await agreed();
    late.server.clock.advance('10m');
    expect((await late.server.callback(query({ code: 'ada', state: late.state }), late.cookies)).status).toBe(403);
    expect(late.grants()).toEqual([]);

    const twice = await agreed();
    const back = () => twice.server.callback(query({ code: 'ada', state: twice.state }), twice.cookies);
    expect((await back()).status).toBe(303);
    expect((await back()).status).toBe(403);
    expect(twice.grants()).toHaveLength(1);
  });

  test.each([
    ['U8 a refusal', query({ error: 'access_denied' }), 'access_denied'],
    [
      'U9 a refusal with markup',
      query({ error: '<script>', error_description: 'x\r\nSet-Cookie: a=b' }),
      'access_denied',
    ],
  ])('%s by the provider reaches the client in our words', async (_, upstream, error) => {
    let exchanged = 0;
    const exchange = async () => {
      exchanged++;
      return refuse({ reason: 'identity-refused', detail: '' });
    };
    const { server, state, cookies, grants, status } = await agreed({ identity: { exchange } });
    const response = await server.callback(`${upstream}&${query({ state })}`, cookies);
    expect(exchanged).toBe(0);
    const url = new URL(location(response));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      error,
      error_description: 'The sign-in did not succeed.',
      state: 'xyz',
      iss: ISSUER,
    });
    expect([grants(), status()]).toEqual([[], 'done']);
    expect(server.log.text()).not.toMatch(/script|Set-Cookie/);
  });

  test.each([
    ['identity-refused', 'access_denied'],
    ['identity-unavailable', 'temporarily_unavailable'],
  ] as const)('U11 U12 U17 %s becomes %s', async (reason, error) => {
    const exchange = async () => refuse({ reason, detail: 'a secret of theirs' });
    const { server, state, cookies, grants, status } = await agreed({ identity: { exchange } });
    const response = await server.callback(query({ code: 'ada', state }), cookies);
    expect(new URL(location(response)).searchParams.get('error')).toBe(error);
    expect(location(response)).not.toContain('theirs');
    expect([grants(), status()]).toEqual([[], 'done']);
  });

  test('U16 nobody without a role gets a code, and who agreed to what the role lacks gets none either', async () => {
    for (const [person, untick] of [
      ['eve', []],
      ['bob', ['orders:read', 'tickets:read']],
    ] as const) {
      const server = await anAuthorizationServer();
      const response = await server.signIn(person, {}, untick);
      const parameters = new URL(location(response)).searchParams;
      expect([parameters.get('error'), parameters.has('code')]).toEqual(['access_denied', false]);
      expect(server.store.contents().some((item) => 'codeExpires' in item)).toBe(false);
      const why = person === 'eve' ? 'eve has no role here' : 'of which the roles allow nothing';
      expect(server.log.notes.at(-1)).toContain(why);
    }
  });

  test('a person gets what was asked for, as far as ticked, as far as the role allows', async () => {
    const server = await anAuthorizationServer();
    const everything = { scope: 'orders:read tickets:read tickets:write orders:refund' };
    const granted = async (person: string, untick: readonly string[] = []) =>
      bodyOf<Tokens>(await server.redeem(await server.code(person, everything, untick))).scope;
    expect(await granted('ada')).toBe(everything.scope);
    expect(await granted('ada', ['orders:refund', 'tickets:read'])).toBe('orders:read tickets:write');
    expect(await granted('bob')).toBe('orders:read tickets:read');
  });

  test('a box that was not on the page cannot be ticked', async () => {
    const server = await anAuthorizationServer();
    const { form, cookies } = readConsentPage(await server.authorize({ scope: 'orders:read' }));
    const scope = ['orders:read', 'orders:refund', 'admin'];
    const approved = await server.consent({ ...form, scope, decision: 'approve' }, { cookies });
    const state = new URL(location(approved)).searchParams.get('state') ?? '';
    const done = await server.callback(query({ code: 'ada', state }), { ...cookies, ...cookiesOf(approved) });
    const code = new URL(location(done)).searchParams.get('code') ?? '';
    expect(bodyOf<Tokens>(await server.redeem(code)).scope).toBe('orders:read');
  });

  test('A12 a client that was switched off while somebody signed in gets no code', async () => {
    const { server, state, cookies, grants } = await agreed();
    await server.store.desk.disable(aClient().id);
    const response = await server.callback(query({ code: 'ada', state }), cookies);
    expect([response.status, response.headers?.location]).toEqual([400, undefined]);
    expect(grants()).toEqual([]);
  });

  test('A12 a client that changed while somebody signed in is judged as it is now', async () => {
    const moved = await agreed();
    const clientOf = ({ server }: typeof moved) => server.store.contents().find(({ id }) => id === 'client-a') ?? {};
    Object.assign(clientOf(moved), { redirectUris: ['https://client.example/new'] });
    const response = await moved.server.callback(query({ code: 'ada', state: moved.state }), moved.cookies);
    expect([response.status, response.headers?.location]).toEqual([400, undefined]);

    const narrowed = await agreed();
    Object.assign(clientOf(narrowed), { ceiling: ['orders:read'] });
    await narrowed.server.callback(query({ code: 'ada', state: narrowed.state }), narrowed.cookies);
    expect(narrowed.grants()[0]?.scope).toEqual(['orders:read']);
  });

  test('a grant that cannot be stored is told to the client, and no code leaves', async () => {
    let down = false;
    const pause = async (operation: string) => {
      if (down && operation === 'grants.mint') throw new Error('down');
    };
    const { server, state, cookies } = await agreed({ store: { pause } });
    down = true;
    const url = new URL(location(await server.callback(query({ code: 'ada', state }), cookies)));
    expect(url.searchParams.get('error')).toBe('temporarily_unavailable');
    expect(url.searchParams.has('code')).toBe(false);
  });

  test('A29 state is given back byte for byte, encoded once', async () => {
    for (const state of ['a b+c%20&=', '\r\nSet-Cookie: x', '<script>', '☃ ü 🦊', 'x'.repeat(2048)]) {
      const server = await anAuthorizationServer();
      const address = location(await server.signIn('ada', { state }));
      expect(address).toMatch(/^[\x21-\x7e]+$/);
      expect(decodeURIComponent(/[?&]state=([^&]*)/.exec(address)?.[1] ?? '')).toBe(state);
    }
  });

  test('U22 a custom scheme is reached only after a page that named it', async () => {
    const server = await anAuthorizationServer();
    const redirect_uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const { client_id } = bodyOf<{ client_id: string }>(await server.register({ redirect_uris: [redirect_uri] }));
    const page = await server.authorize({ client_id, redirect_uri });
    expect(page.body).toContain('<strong>cursor:</strong>');
    const address = location(await server.signIn('ada', { client_id, redirect_uri }));
    expect(address.startsWith(`${redirect_uri}?code=`)).toBe(true);
  });

  test('a redirect URI with a query keeps it', async () => {
    const server = await anAuthorizationServer();
    const redirect_uri = 'https://client.example/cb?tenant=a%20b';
    await server.store.desk.enrol(aClient({ id: 'query', redirectUris: [redirect_uri] }));
    const address = location(await server.signIn('ada', { client_id: 'query', redirect_uri }));
    expect(address.startsWith(`${redirect_uri}&code=`)).toBe(true);
  });
});

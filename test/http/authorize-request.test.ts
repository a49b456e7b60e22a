import { describe, expect, test } from 'vitest';
import type { Transaction } from '../../functions/core/oauth/transaction.ts';
import {
  AUTHORIZE,
  anAuthorizationServer,
  ISSUER,
  location,
  RESOURCE,
  readConsentPage,
} from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

const transactions = (server: Server): Transaction[] =>
  server.store.contents().filter((item): item is Transaction => 'browser' in item);

describe('GET /authorize', () => {
  test('A1 a good request gets a consent page and a cookie of its own', async () => {
    const server = await anAuthorizationServer();
    const page = await server.authorize();
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    const [transaction] = transactions(server);
    expect(page.cookies).toHaveLength(1);
    expect(page.cookies?.[0]).toMatch(
      new RegExp(`^__Host-txn-${transaction?.id}=[\\w-]{43}; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax$`),
    );
    expect((transaction?.expires ?? 0) - server.clock.seconds()).toBe(600);
    expect(transaction).toMatchObject({ status: 'pending', resource: RESOURCE, upstream: undefined });
  });

  test.each([
    ['A3 no client_id', { client_id: undefined }],
    ['A3 empty client_id', { client_id: '' }],
    ['A3 unknown client', { client_id: 'nobody' }],
    ['A3 an id with #', { client_id: 'client-a#x' }],
    ['C32 a URL', { client_id: 'https://client.example/c.json' }],
    ['A4 not registered', { redirect_uri: 'https://evil.example/cb' }],
    ['A5 no redirect URI', { redirect_uri: undefined }],
    ['A6 a longer path', { redirect_uri: 'https://client.example/cb/x' }],
    ['A6 dot segments', { redirect_uri: 'https://client.example/cb/../x' }],
    ['A6 a query', { redirect_uri: 'https://client.example/cb?x=1' }],
    ['A6 a trailing slash', { redirect_uri: 'https://client.example/cb/' }],
    ['A6 an encoded dot', { redirect_uri: 'https://client.example/%2e/cb' }],
    ['A6 upper-case host', { redirect_uri: 'https://CLIENT.example/cb' }],
    ['A6 upper-case path', { redirect_uri: 'https://client.example/CB' }],
    ['A6 the default port', { redirect_uri: 'https://client.example:443/cb' }],
    ['A6 a fragment', { redirect_uri: 'https://client.example/cb#' }],
    ['A7 another suffix', { redirect_uri: 'https://client.example.evil.com/cb' }],
    ['A7 userinfo', { redirect_uri: 'https://client.example@evil.com/cb' }],
    ['A7 inside a path', { redirect_uri: 'https://evil.com/https://client.example/cb' }],
    ['A10 another client’s', { redirect_uri: 'https://other.example/cb' }],
    ['A2 another loopback name', { redirect_uri: 'http://localhost:4000/cb' }],
    ['A38 too long', { foo: 'x'.repeat(9000) }],
    ['A38 too many', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, '1']))],
    ['two client ids', { client_id: ['client-a', 'client-b'] }],
    ['two redirect URIs', { redirect_uri: [AUTHORIZE.redirect_uri, 'https://evil.example/cb'] }],
  ])('%s ends on a page, and nothing is written', async (_, changes) => {
    const server = await anAuthorizationServer();
    const response = await server.authorize(changes);
    expect(response.status).toBe(400);
    expect(response.headers).not.toHaveProperty('location');
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
    });
    expect(response.body).not.toMatch(/href|src=|<script/i);
    expect(transactions(server)).toEqual([]);
  });

  test.each([
    ['A14 no response type', { response_type: undefined }, 'invalid_request'],
    ['A14 two response types', { response_type: ['code', 'code'] }, 'invalid_request'],
    ['A14 token', { response_type: 'token' }, 'unsupported_response_type'],
    ['A14 code token', { response_type: 'code token' }, 'unsupported_response_type'],
    ['A15 no challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['A16 plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['A16 no method', { code_challenge_method: undefined }, 'invalid_request'],
    ['A16 s256', { code_challenge_method: 's256' }, 'invalid_request'],
    ['A16 empty method', { code_challenge_method: '' }, 'invalid_request'],
    ['A16 two methods', { code_challenge_method: ['S256', 'plain'] }, 'invalid_request'],
    ['A17 42 characters', { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['A17 44 characters', { code_challenge: 'x'.repeat(44) }, 'invalid_request'],
    ['A17 padding', { code_challenge: `${'x'.repeat(42)}=` }, 'invalid_request'],
    ['A17 other alphabet', { code_challenge: `${'x'.repeat(42)}+` }, 'invalid_request'],
    ['A18 a method without challenge', { code_challenge: undefined }, 'invalid_request'],
    ['A19 another origin', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['A19 another path', { resource: `${ISSUER}/other` }, 'invalid_target'],
    ['A19 the origin alone', { resource: ISSUER }, 'invalid_target'],
    ['A19 a fragment', { resource: `${RESOURCE}#x` }, 'invalid_target'],
    ['A19 relative', { resource: '/mcp' }, 'invalid_target'],
    ['A20 two resources', { resource: [RESOURCE, 'https://evil.example'] }, 'invalid_target'],
    ['A22 two slashes', { resource: `${RESOURCE}//` }, 'invalid_target'],
    ['A23 only unknown scopes', { scope: 'admin root' }, 'invalid_scope'],
    ['A25 a quote', { scope: 'orders:read "x"' }, 'invalid_scope'],
    ['A25 a line break', { scope: 'orders:read\r\nx' }, 'invalid_scope'],
    ['A25 10 kB', { scope: 'x'.repeat(10_240) }, 'invalid_scope'],
    ['A25 twice the same', { scope: 'orders:read orders:read' }, 'invalid_scope'],
    ['A29 4 kB of state', { state: 'x'.repeat(4096) }, 'invalid_request'],
    ['A31 request', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['A31 request_uri', { request_uri: 'https://evil.example/r' }, 'request_uri_not_supported'],
    ['A32 fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['A32 form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['A33 prompt=none', { prompt: 'none' }, 'interaction_required'],
  ])('%s is told to the client by redirect, and nothing is written', async (_, changes, error) => {
    const server = await anAuthorizationServer();
    const response = await server.authorize(changes);
    expect(response.status).toBe(303);
    const url = new URL(location(response));
    expect(url.origin + url.pathname).toBe('https://client.example/cb');
    expect(url.hash).toBe('');
    const expected = { error, iss: ISSUER, state: 'state' in changes ? changes.state : 'xyz' };
    expect(Object.fromEntries(url.searchParams)).toMatchObject(expected);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(transactions(server)).toEqual([]);
  });

  test('A28 a repeated state is not given back', async () => {
    const server = await anAuthorizationServer();
    const url = new URL(location(await server.authorize({ state: ['a', 'b'] })));
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.searchParams.has('state')).toBe(false);
  });

  test.each([
    ['A21 no resource', { resource: undefined }, {}],
    ['A22 upper case', { resource: 'HTTPS://MCP.EXAMPLE/mcp' }, {}],
    ['A22 a trailing slash', { resource: `${RESOURCE}/` }, {}],
    ['A24 known and unknown scopes', { scope: 'openid orders:read' }, { scope: ['orders:read'] }],
    ['A26 no scope', { scope: undefined }, { scope: ['orders:read', 'tickets:read'] }],
    ['only offline_access', { scope: 'offline_access' }, { scope: ['orders:read', 'tickets:read'] }],
    ['A27 no state', { state: undefined }, { state: undefined }],
    ['A2 another port', { redirect_uri: 'http://127.0.0.1:51234/cb' }, { redirectUri: 'http://127.0.0.1:51234/cb' }],
    ['A40 unknown parameters', { foo: 'bar', nonce: ['a', 'b'] }, {}],
    ['prompt=consent', { prompt: 'consent' }, {}],
  ])('%s is accepted', async (_, changes, stored) => {
    const server = await anAuthorizationServer();
    expect((await server.authorize(changes)).status).toBe(200);
    expect(transactions(server)[0]).toMatchObject({ resource: RESOURCE, ...stored });
  });

  test('A23 a client gets no more than it registered for', async () => {
    const server = await anAuthorizationServer();
    await server.store.desk.enrol(aClient({ id: 'narrow', ceiling: ['orders:read'] }));
    const beyond = new URL(location(await server.authorize({ client_id: 'narrow', scope: 'orders:refund' })));
    expect(beyond.searchParams.get('error')).toBe('invalid_scope');
    await server.authorize({ client_id: 'narrow', scope: 'orders:read orders:refund' });
    expect(transactions(server)[0]?.scope).toEqual(['orders:read']);
  });

  test('A3 an expired or disabled client gets no page', async () => {
    const server = await anAuthorizationServer();
    await server.store.desk.enrol(aClient({ id: 'short', expires: server.clock.seconds() + 10 }));
    expect((await server.authorize({ client_id: 'short' })).status).toBe(200);
    server.clock.advance('10s');
    expect((await server.authorize({ client_id: 'short' })).status).toBe(400);
    await server.store.desk.disable(aClient().id);
    expect((await server.authorize()).status).toBe(400);
  });

  test('A34 A35 whoever was here before is asked again', async () => {
    const server = await anAuthorizationServer();
    await server.tokens();
    expect((await server.authorize({ prompt: 'login' })).status).toBe(200);
    const ids = transactions(server).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test('A36 A44 other methods are 405, and no page may call', async () => {
    const server = await anAuthorizationServer();
    for (const [method, path, allow] of [
      ['POST', '/authorize', 'GET'],
      ['GET', '/consent', 'POST'],
      ['POST', '/callback', 'GET'],
    ]) {
      const response = await server.call('authorize', {
        method: method ?? '',
        path: path ?? '',
        query: 'decision=approve',
      });
      expect([response.status, response.headers?.allow]).toEqual([405, allow]);
    }
    const page = await server.call('authorize', { path: '/authorize', headers: { origin: 'https://evil.example' } });
    expect(Object.keys(page.headers ?? {}).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([
    ['registry.find', 503, undefined],
    ['transactions.open', 303, 'temporarily_unavailable'],
  ])(
    'A45 a table that fails at %s is a page before the redirect is proven and a redirect after',
    async (at, status, error) => {
      const pause = async (operation: string) => {
        if (operation === at) throw new Error('down');
      };
      const server = await anAuthorizationServer({ store: { pause } });
      const response = await server.authorize();
      expect(response.status).toBe(status);
      if (error) expect(new URL(location(response)).searchParams.get('error')).toBe(error);
      else expect(response.headers).toMatchObject({ 'retry-after': '2' });
      expect(response.cookies ?? []).toEqual([]);
    },
  );

  test('the page shows exactly the scopes that can be had', async () => {
    const server = await anAuthorizationServer();
    const { form } = readConsentPage(await server.authorize({ scope: 'orders:read nonsense tickets:write' }));
    expect(form.scope).toEqual(['orders:read', 'tickets:write']);
  });
});

import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../functions/core/oauth/presets/index.ts';
import { anAuthorizationServer, bodyOf } from '../support/authorization-server.ts';
import { aClientId } from '../support/builders.ts';
import { CLAUDE, refusal, registered } from '../support/registrations.ts';

type Information = { readonly client_id: string; readonly redirect_uris: readonly string[] };

const IPV6 = {
  name: 'ipv6',
  title: 'IPv6',
  redirectUris: ['http://[::1]:1/cb'],
  source: 'a test',
  checked: '2026-11-22',
};

describe('registering', () => {
  test('R1 Claude registers and is told what was registered, and no secret', async () => {
    const server = await anAuthorizationServer();
    const response = await server.register(CLAUDE);
    expect(response.status).toBe(201);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
    const { client_id, ...rest } = bodyOf<Information>(response);
    expect(client_id).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(rest).toEqual(CLAUDE);
    const [client] = registered(server);
    expect(client).toMatchObject({ id: client_id, status: 'on', vettedAs: ['claude'] });
    expect((client?.expires ?? 0) - server.clock.seconds()).toBe(86_400);
    expect(server.log.notes).toEqual(['Claude registered (public client, PKCE)']);
  });

  test.each([
    ...[
      'http://127.0.0.1:33418/',
      'http://127.0.0.1:50000/',
      'http://127.0.0.1/',
      'http://localhost:6274/oauth/callback',
    ],
    ...['http://localhost:7000/oauth/callback', 'http://[::1]:1/cb', 'http://[::1]:65535/cb'],
    ...['cursor://anysphere.cursor-mcp/oauth/callback', 'https://chatgpt.com/connector/oauth/OUbdUMlL15Ct'],
    ...['http://127.0.0.1:5000/callback', 'http://127.0.0.1:5000/callback/aB3_x', 'http://localhost:3118/callback'],
  ])('R2 R3 %s is an address of a vetted client', async (uri) => {
    const server = await anAuthorizationServer({ presets: [...PRESETS, IPV6] });
    const response = await server.register({ redirect_uris: [uri] });
    expect([response.status, response.body]).toMatchObject([201, expect.stringContaining(uri)]);
    expect(registered(server)).toHaveLength(1);
  });

  test.each(PRESETS.map(({ name, redirectUris }) => [name, redirectUris] as const))(
    'R2 R3 %s registers all its addresses in one call, and none once its name is deleted',
    async (name, templates) => {
      const redirect_uris = templates.map((template) => template.replace('{id}', 'a1b2'));
      const server = await anAuthorizationServer();
      expect((await server.register({ redirect_uris, application_type: 'native' })).status).toBe(201);
      const closed = await anAuthorizationServer({ presets: PRESETS.filter((preset) => preset.name !== name) });
      const first = redirect_uris.filter((uri) => !uri.startsWith('http:')).slice(0, 1);
      if (first.length === 0) return;
      const refused = await closed.register({ redirect_uris: first });
      expect([refused.status, bodyOf(refused)]).toMatchObject([400, { error: 'invalid_redirect_uri' }]);
    },
  );

  test.each([undefined, 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])(
    'R4 a client that wants to authenticate by %s becomes a public one',
    async (method) => {
      const server = await anAuthorizationServer();
      const jwks_uri = 'https://claude.ai/jwks.json';
      const response = await server.register({ ...CLAUDE, token_endpoint_auth_method: method, jwks_uri });
      expect(bodyOf(response)).toMatchObject({ token_endpoint_auth_method: 'none' });
      expect(response.body).not.toMatch(/secret|jwks|registration/);
      expect(JSON.stringify(registered(server))).not.toContain('jwks');
    },
  );

  test('R39 is idempotent: the same metadata is the same client, however it is written and however often at once', async () => {
    const server = await anAuthorizationServer();
    const reordered = Object.fromEntries(Object.entries(CLAUDE).reverse());
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, i) => server.register(i % 2 ? CLAUDE : reordered)),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(responses.map((response) => bodyOf<Information>(response).client_id)).size).toBe(1);
    expect(registered(server)).toHaveLength(1);
    const other = await server.register({ ...CLAUDE, client_name: 'Claude 2' });
    expect(bodyOf<Information>(other).client_id).not.toBe(registered(server)[0]?.id);
    expect(registered(server)).toHaveLength(2);
  });

  test('R39 the order of its redirect URIs does not make it another client, and is kept in the answer', async () => {
    const server = await anAuthorizationServer();
    const redirect_uris = ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect', 'http://127.0.0.1/'];
    const one = bodyOf<Information>(await server.register({ redirect_uris }));
    const other = bodyOf<Information>(await server.register({ redirect_uris: redirect_uris.toReversed() }));
    expect(other.client_id).toBe(one.client_id);
    expect(other.redirect_uris).toEqual(redirect_uris.toReversed());
  });

  test('no preset can open what the validator closes', async () => {
    for (const uri of ['http://evil.example/cb', 'https://u:p@evil.example/cb', 'https://evil.example/*']) {
      const server = await anAuthorizationServer({ presets: [{ ...IPV6, redirectUris: [uri] }] });
      expect((await server.register({ redirect_uris: [uri] })).status).toBe(400);
    }
  });

  test('R41 a client that was switched off stays off, one that expired is back', async () => {
    const server = await anAuthorizationServer();
    const { client_id } = bodyOf<Information>(await server.register(CLAUDE));
    server.clock.advance('2d');
    const request = { client_id, redirect_uri: CLAUDE.redirect_uris[0] };
    expect((await server.authorize(request)).status).toBe(400);
    expect((await server.register(CLAUDE)).status).toBe(201);
    expect((await server.authorize(request)).status).toBe(200);
    await server.store.desk.disable(aClientId(client_id));
    server.clock.advance('90d');
    expect((await server.register(CLAUDE)).status).toBe(201);
    expect((await server.authorize(request)).status).toBe(400);
    expect(registered(server)[0]).toMatchObject({ status: 'off' });
  });

  test('R25 grant types it cannot have are left out; R26 what could never work is refused', async () => {
    const server = await anAuthorizationServer();
    const device = 'urn:ietf:params:oauth:grant-type:device_code';
    const response = await server.register({ ...CLAUDE, grant_types: ['authorization_code', device] });
    expect(bodyOf(response)).toMatchObject({ grant_types: ['authorization_code'] });
    expect(await refusal({ ...CLAUDE, grant_types: ['refresh_token'] })).toMatchObject({
      error: 'invalid_client_metadata',
    });
    expect(await refusal({ ...CLAUDE, response_types: ['token'] })).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test('a client that names no grant types gets what there is', async () => {
    const server = await anAuthorizationServer();
    const response = await server.register({ redirect_uris: CLAUDE.redirect_uris });
    expect(bodyOf(response)).toMatchObject({ grant_types: ['authorization_code', 'refresh_token'] });
  });

  test('R23 it is answered with the scopes that exist, and refused when none of its does', async () => {
    const server = await anAuthorizationServer();
    const response = await server.register({ ...CLAUDE, scope: 'orders:read admin' });
    expect(bodyOf(response)).toMatchObject({ scope: 'orders:read' });
    expect(registered(server)[0]?.ceiling).toBeUndefined();
    expect(await refusal({ ...CLAUDE, scope: 'admin' })).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test('R29 a name is kept without what could disguise it', async () => {
    const server = await anAuthorizationServer();
    const name = '<script>alert(1)</script>\u202eeduaC\u0000\u200b\n';
    const response = await server.register({ ...CLAUDE, client_name: name });
    expect(bodyOf(response)).toMatchObject({ client_name: '<script>alert(1)</script>eduaC' });
    expect(await refusal({ ...CLAUDE, client_name: 'x'.repeat(101) })).toMatchObject({
      error: 'invalid_client_metadata',
    });
    expect((await server.register({ ...CLAUDE, client_name: '🦊'.repeat(100) })).status).toBe(201);
  });

  test('R32 addresses that only OpenID Connect knows are ignored', async () => {
    const server = await anAuthorizationServer();
    const hostile = { request_uris: ['http://169.254.169.254/'], sector_identifier_uri: 'http://10.0.0.1/' };
    expect((await server.register({ ...CLAUDE, ...hostile })).status).toBe(201);
    expect(JSON.stringify(registered(server))).not.toContain('169.254');
  });
});

test('R33 other methods are 405, R35 with registration off there is nothing there', async () => {
  const server = await anAuthorizationServer();
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const response = await server.call('register', { method, path: '/register' });
    expect([response.status, response.headers?.allow]).toEqual([405, 'POST']);
  }
  const off = await anAuthorizationServer({ mode: 'off' });
  expect((await off.register(CLAUDE)).status).toBe(404);
  expect(registered(off)).toEqual([]);
});

test('R37 a table that does not answer is 503, with no client id', async () => {
  const pause = async (operation: string) => {
    if (operation === 'registry.admit') throw new Error('ProvisionedThroughputExceededException');
  };
  const server = await anAuthorizationServer({ store: { pause } });
  const response = await server.register(CLAUDE);
  expect([response.status, response.headers?.['retry-after']]).toEqual([503, '2']);
  expect(bodyOf(response)).toMatchObject({ error: 'temporarily_unavailable' });
  expect(response.body).not.toMatch(/client_id|Provisioned/);
});

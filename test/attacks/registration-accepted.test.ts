import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../functions/core/oauth/presets/index.ts';
import { anAuthorizationServer } from '../support/authorization-server.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { type Listener, startListener } from './support/p-listener.ts';
import { expectRefused, registered, UNTHROTTLED } from './support/p-register.ts';
import { type RegistryView, registryOf } from './support/p-registry.ts';

/** What vetted clients send, which must be green or they are locked out. */
let cloud: OwnCloud;
let registry: RegistryView;
let listener: Listener;
const DAY = 86_400;

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: UNTHROTTLED });
  registry = registryOf(cloud);
  listener = await startListener();
});
afterAll(async () => {
  await cloud.close();
  await listener.close();
});

/** Registers, and gives back the answer with the one item that it added. */
async function registeredOnce(metadata: unknown) {
  const before = (await registry.items()).length;
  const told = await registered(cloud.issuer, metadata);
  expect(await registry.items()).toHaveLength(before + 1);
  return { told, item: (await registry.client(told.client_id)) ?? {} };
}

describe('registering', () => {
  test('R1 Claude is told what was registered, under an id of its metadata, and gets no secret', async () => {
    const started = Math.floor(Date.now() / 1000);
    const { told, item } = await registeredOnce(CLAUDE);
    const { client_id, ...rest } = told;
    // SHA-256 in base64url: 256 bits.
    expect(client_id).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(rest).toEqual(CLAUDE);
    expect(JSON.stringify(told)).not.toMatch(/secret|registration_client_uri|registration_access_token/);
    expect(Number(item.exp?.N)).toBeGreaterThanOrEqual(started + DAY);
    expect(Number(item.exp?.N)).toBeLessThanOrEqual(started + DAY + 30);
    expect(item.ttl).toEqual(item.exp);
  });

  test.each([
    ['R2', 'VS Code', 'http://127.0.0.1:33418/'],
    ['R2', 'VS Code on another port', 'http://127.0.0.1:50123/'],
    ['R2', 'the inspector', 'http://localhost:6274/oauth/callback'],
    ['R2', 'the inspector on another port', 'http://localhost:7001/oauth/callback'],
    ['R3', 'Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback'],
  ])('%s %s registers %s, whatever kind of application it is', async (_, client_name, uri) => {
    const { told } = await registeredOnce({ client_name, redirect_uris: [uri] });
    expect(told.redirect_uris).toEqual([uri]);
  });

  test.each([
    ['R2', 'vscode'],
    ['R3', 'cursor'],
  ])('%s all addresses of %s register in one call', async (_, preset) => {
    const redirect_uris = PRESETS.find(({ name }) => name === preset)?.redirectUris ?? [];
    expect(redirect_uris.length).toBeGreaterThan(2);
    const { told } = await registeredOnce({ redirect_uris });
    expect(told.redirect_uris).toEqual(redirect_uris);
  });

  test.each([1, 40_000])('R2 a preset on [::1] fits port %i', async (port) => {
    const ipv6 = { name: 'ipv6', title: 'IPv6', redirectUris: ['http://[::1]:1/cb'], source: 'a test', checked: '' };
    const server = await anAuthorizationServer({ presets: [...PRESETS, ipv6] });
    const redirect_uris = [`http://[::1]:${port}/cb`];
    expect(await server.register({ redirect_uris })).toMatchObject({ status: 201 });
    await expectRefused(cloud, { redirect_uris }, { status: 400, error: 'invalid_redirect_uri' });
  });

  test.each([undefined, 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])(
    'R4 a client that wants to authenticate by %s becomes a public one without a secret; its keys are not fetched',
    async (token_endpoint_auth_method) => {
      const jwks_uri = `https://127.0.0.1:${listener.port}/jwks.json`;
      const client_name = `by ${token_endpoint_auth_method}`;
      const { told, item } = await registeredOnce({ ...CLAUDE, client_name, token_endpoint_auth_method, jwks_uri });
      expect(told.token_endpoint_auth_method).toBe('none');
      expect(JSON.stringify([told, item])).not.toMatch(/"client_secret|jwks/);
      expect(item.auth).toEqual({ S: 'none' });
      expect(listener.connections()).toBe(0);
    },
  );

  test('R23 is answered with the scopes that exist, and may ask for others when a tool needs them', async () => {
    const { told, item } = await registeredOnce({ ...CLAUDE, scope: 'orders:read admin' });
    expect(told.scope).toBe('orders:read');
    expect(item.scope).toBeUndefined();
    await expectRefused(cloud, { ...CLAUDE, scope: 'admin' }, { status: 400, error: 'invalid_client_metadata' });
  });

  test('R25 grant types that are not offered are left out of what is registered', async () => {
    const grant_types = ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'];
    const { told, item } = await registeredOnce({ ...CLAUDE, grant_types });
    expect(told.grant_types).toEqual(['authorization_code']);
    expect(item.grants).toEqual({ L: [{ S: 'authorization_code' }] });
  });
});

describe('registering again', () => {
  test('R39 is the same client, in whatever order its members come; another value is another client', async () => {
    const metadata = { ...CLAUDE, client_name: 'Twice' };
    const { told } = await registeredOnce(metadata);
    const before = await registry.items();
    const reordered = Object.fromEntries(Object.entries(metadata).reverse());
    for (const same of [metadata, reordered]) {
      expect((await registered(cloud.issuer, same)).client_id).toBe(told.client_id);
    }
    expect(await registry.items()).toEqual(before);
    const { told: other } = await registeredOnce({ ...metadata, client_name: 'Thrice' });
    expect(other.client_id).not.toBe(told.client_id);
  });

  test('R39 twenty times at once, fifty times over, is one client and one item each time', {
    timeout: 120_000,
  }, async () => {
    const before = (await registry.items()).length;
    for (let round = 1; round <= 50; round++) {
      const metadata = { ...CLAUDE, client_name: `Racer ${round}` };
      const told = await Promise.all(Array.from({ length: 20 }, () => registered(cloud.issuer, metadata)));
      expect(new Set(told.map(({ client_id }) => client_id)).size).toBe(1);
      expect((await registry.items()).length).toBe(before + round);
    }
  });
});

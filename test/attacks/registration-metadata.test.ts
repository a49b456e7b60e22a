import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { type Listener, startListener } from './support/p-listener.ts';
import { authorize, expectRefused, register, registered, UNTHROTTLED } from './support/p-register.ts';
import { type RegistryView, registryOf, writesOf } from './support/p-registry.ts';

/** Everything else a registration may carry. */
let cloud: OwnCloud;
let registry: RegistryView;
let listener: Listener;
const INVALID = { status: 400, error: 'invalid_client_metadata' };
const redirectUri = CLAUDE.redirect_uris[0] ?? '';

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: UNTHROTTLED });
  registry = registryOf(cloud);
  listener = await startListener();
});
afterAll(async () => {
  await cloud.close();
  await listener.close();
});

describe('a body', () => {
  test.each([
    ['an open brace', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"x"'],
    ['nothing', ''],
    ['ten thousand open brackets', '['.repeat(10_000)],
    [
      'metadata with a member nested five thousand deep',
      `{"redirect_uris":["${redirectUri}"],"grant_types":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    ],
  ])('R19 that is %s is refused, and breaks nothing', async (_, body) => {
    await expectRefused(cloud, body, INVALID);
  });

  test('R19 whose members are named after what every object has registers nothing else', async () => {
    const body = `{"__proto__":{"client_name":"polluted"},"constructor":1,"redirect_uris":["${redirectUri}"]}`;
    expect(await registered(cloud.issuer, JSON.parse(body))).not.toHaveProperty('client_name');
    const { status, text } = await register(cloud.issuer, body);
    expect([status, text]).toEqual([201, expect.not.stringContaining('polluted')]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain, application/json'])(
    'R20 of type %s is refused: a page elsewhere can send it without asking',
    async (type) => {
      await expectRefused(cloud, CLAUDE, INVALID, { 'content-type': type });
    },
  );

  test('R20 of no type is refused', async () => {
    await expectRefused(cloud, CLAUDE, INVALID, {});
  });

  test('R18 of more than 16 KiB is 413', async () => {
    cloud.endpoint.resetCounts();
    const padded = { ...CLAUDE, padding: 'x'.repeat(16 * 1024) };
    expect(await register(cloud.issuer, padded)).toMatchObject({ status: 413 });
    expect(writesOf(cloud)).toEqual([]);
  });
});

describe('metadata', () => {
  test.each(['implicit', 'client_credentials', 'password'])('R24 with the grant type %s is refused', async (type) => {
    await expectRefused(cloud, { ...CLAUDE, grant_types: [type] }, INVALID);
  });

  test.each([
    ['refresh_token alone', { grant_types: ['refresh_token'], response_types: ['code'] }],
    ['the response type token', { response_types: ['token'] }],
    ['no grant type at all', { grant_types: [] }],
  ])('R26 with %s is refused: it could never work', async (_, changes) => {
    await expectRefused(cloud, { ...CLAUDE, ...changes }, INVALID);
  });

  test.each(['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'jwks_uri'])(
    'R27 with a %s that is no https is refused, and what is https is not fetched',
    async (member) => {
      const addresses = ['javascript:alert(1)', 'data:text/html,x', 'http://169.254.169.254/latest/meta-data/'];
      for (const value of [...addresses, `http://127.0.0.1:${listener.port}/`]) {
        await expectRefused(cloud, { ...CLAUDE, [member]: value }, INVALID);
      }
      const address = `https://127.0.0.1:${listener.port}/`;
      const { client_id } = await registered(cloud.issuer, { ...CLAUDE, [member]: address });
      expect(JSON.stringify(await registry.client(client_id))).not.toContain(address);
      expect(listener.connections()).toBe(0);
    },
  );

  test('R27 R29 in another language is not stored, so nothing of it can be shown', async () => {
    const { client_id, ...told } = await registered(cloud.issuer, {
      ...CLAUDE,
      'client_uri#de': 'javascript:alert(1)',
      'client_name#de': '<script>alert(1)</script>',
    });
    expect(told).toEqual(CLAUDE);
    expect(JSON.stringify(await registry.client(client_id))).not.toMatch(/script|#de/);
  });

  test('R29 keeps a name without what could disguise it, and the consent page shows it as text', async () => {
    const client_name = '<script>alert(1)</script>\u202eeduaC\u0000\u200b\n';
    const plain = '<script>alert(1)</script>eduaC';
    const { client_id, client_name: told } = await registered(cloud.issuer, { ...CLAUDE, client_name });
    expect(told).toBe(plain);
    expect((await registry.client(client_id))?.name).toEqual({ S: plain });
    const page = await authorize(cloud.issuer, client_id, redirectUri);
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;eduaC');
    expect(page.text).not.toContain('<script');
  });

  test('R29 has a name of 100 characters at most; one of 100 KB is not even read', async () => {
    await expectRefused(cloud, { ...CLAUDE, client_name: 'x'.repeat(101) }, INVALID);
    const { client_name } = await registered(cloud.issuer, { ...CLAUDE, client_name: 'x'.repeat(100) });
    expect(client_name).toBe('x'.repeat(100));
    cloud.endpoint.resetCounts();
    expect(await register(cloud.issuer, { ...CLAUDE, client_name: 'x'.repeat(100_000) })).toMatchObject({
      status: 413,
    });
    expect(writesOf(cloud)).toEqual([]);
  });

  test('R30 with a software statement is refused, and no claim of it is taken over', async () => {
    const claims = Buffer.from(JSON.stringify(CLAUDE)).toString('base64url');
    for (const metadata of [CLAUDE, {}]) {
      const body = { ...metadata, software_statement: `eyJhbGciOiJub25lIn0.${claims}.` };
      await expectRefused(cloud, body, { status: 400, error: 'unapproved_software_statement' });
    }
  });

  test('R32 that only OpenID Connect knows is neither stored nor fetched', async () => {
    const address = `http://127.0.0.1:${listener.port}/`;
    const { client_id, ...told } = await registered(cloud.issuer, {
      ...CLAUDE,
      request_uris: [address],
      sector_identifier_uri: address,
      backchannel_logout_uri: address,
    });
    expect(told).toEqual(CLAUDE);
    expect(JSON.stringify(await registry.client(client_id))).not.toContain(address);
    await authorize(cloud.issuer, client_id, redirectUri);
    expect(listener.connections()).toBe(0);
  });
});

describe('the address', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])('R33 answers %s with what it allows', async (method) => {
    cloud.endpoint.resetCounts();
    const response = await fetch(`${cloud.issuer}/register`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(writesOf(cloud)).toEqual([]);
  });

  test('R33 has nothing below it: clients are not read, changed or deleted over HTTP', async () => {
    const { client_id } = await registered(cloud.issuer, CLAUDE);
    cloud.endpoint.resetCounts();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(`${cloud.issuer}/register/${client_id}`, { method })).status).toBe(404);
    }
    expect(writesOf(cloud)).toEqual([]);
    expect(await registry.client(client_id)).toBeDefined();
  });

  test('R38 tells a page of another origin that it may not read the answer', async () => {
    cloud.endpoint.resetCounts();
    const origin = 'https://evil.example';
    const preflight = await fetch(`${cloud.issuer}/register`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(writesOf(cloud)).toEqual([]);
    const answer = await register(cloud.issuer, CLAUDE, { 'content-type': 'application/json', origin });
    for (const { headers } of [preflight, answer]) {
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
    const local = await register(cloud.issuer, CLAUDE, {
      'content-type': 'application/json',
      origin: 'http://localhost:6274',
    });
    expect(local.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    expect(local.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

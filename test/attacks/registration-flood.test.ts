import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../functions/core/oauth/presets/index.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { authorize, expectRefused, register, registered } from './support/p-register.ts';
import { type RegistryView, registryOf } from './support/p-registry.ts';

/** The limits of cdk.json, and a door that the operator closed by deleting a name. */
let cloud: OwnCloud;
let registry: RegistryView;
const DAY = 86_400;
const redirectUri = CLAUDE.redirect_uris[0] ?? '';

beforeAll(async () => {
  const vetted = PRESETS.map(({ name }) => name).filter((name) => name !== 'cursor');
  cloud = await startOwnCloud({ settings: { registration: { dcr: 'vetted', vetted } } });
  registry = registryOf(cloud);
});
afterAll(() => cloud.close());

describe('a vetted client whose name is deleted', () => {
  const cursor = PRESETS.find(({ name }) => name === 'cursor')?.redirectUris ?? [];

  test('R3 is refused at its addresses, the custom scheme too, whatever kind of application it says it is', async () => {
    const invalid = { status: 400, error: 'invalid_redirect_uri' };
    const [custom = '', hosted = ''] = cursor;
    for (const redirect_uris of [[custom], [hosted], cursor, [...CLAUDE.redirect_uris, custom]]) {
      await expectRefused(cloud, { redirect_uris, application_type: 'native' }, invalid);
    }
  });
});

describe('a flood of registrations', () => {
  test('R34 is stopped by the limit of the route, leaves nothing for longer than a day, and slows nobody else', async () => {
    const { client_id } = await registered(cloud.issuer, CLAUDE);
    const flood = Array.from({ length: 120 }, (_, i) =>
      register(cloud.issuer, { ...CLAUDE, client_name: `Flood ${i}` }),
    );
    // While it lasts.
    const [page, token] = await Promise.all([
      authorize(cloud.issuer, client_id, redirectUri),
      fetch(`${cloud.issuer}/token`, { method: 'POST', body: new URLSearchParams({ client_id }) }),
    ]);
    expect([page.status, token.status]).toEqual([200, 400]);

    const answers = await Promise.all(flood);
    const admitted = answers.filter(({ status }) => status === 201);
    const stopped = answers.filter(({ status }) => status === 429);
    expect(admitted.length + stopped.length).toBe(answers.length);
    // A burst of 40, of which the tests before took some, and one a second.
    expect(admitted.length).toBeGreaterThan(10);
    expect(admitted.length).toBeLessThan(60);
    expect(new Set(stopped.map(({ text }) => text))).toEqual(new Set(['{"message":"Too Many Requests"}']));

    const items = await registry.items();
    expect(items).toHaveLength(admitted.length + 1);
    const end = Date.now() / 1000 + DAY;
    for (const { exp, ttl } of items) {
      expect(Number(exp?.N)).toBeLessThanOrEqual(end);
      expect(ttl).toEqual(exp);
    }
    expect((await authorize(cloud.issuer, client_id, redirectUri)).status).toBe(200);
  });

  test('R34 a client that nobody used is gone when its day is over, though the table still has it', async () => {
    const [item] = await registry.items();
    const id = item?.pk?.S?.slice('CLIENT#'.length) ?? '';
    expect((await authorize(cloud.issuer, id, redirectUri)).status).toBe(200);
    await registry.put({ ...item, exp: { N: String(Math.floor(Date.now() / 1000)) } });
    const page = await authorize(cloud.issuer, id, redirectUri);
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NEVER } from '../../functions/core/oauth/lifetimes.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { createFaults } from '../../infra/local/aws/faults.ts';
import { aClientId } from '../support/builders.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { authorize, register, registered, UNTHROTTLED } from './support/p-register.ts';
import { type RegistryView, registryOf, type StoredItem } from './support/p-registry.ts';

/** What becomes of a client after it registered, and of a registration that the table does not take. */
const faults = createFaults();
let cloud: OwnCloud;
let registry: RegistryView;
let client: { readonly metadata: typeof CLAUDE; readonly id: string };
const redirectUri = CLAUDE.redirect_uris[0] ?? '';
let count = 0;

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: UNTHROTTLED, faults });
  registry = registryOf(cloud);
});
afterAll(() => cloud.close());

beforeEach(async () => {
  const metadata = { ...CLAUDE, client_name: `Client ${++count}` };
  client = { metadata, id: (await registered(cloud.issuer, metadata)).client_id };
});

const stored = async () => (await registry.client(client.id)) ?? {};
const consentPage = async () => (await authorize(cloud.issuer, client.id, redirectUri)).status;

/** The client's item as it is after a time, or after an operator's change. */
async function become(changes: StoredItem): Promise<StoredItem> {
  const item = { ...(await stored()), ...changes };
  await registry.put(item);
  return item;
}

const now = () => Math.floor(Date.now() / 1000);
const expiring = (end: number): StoredItem => ({ exp: { N: String(end) }, ttl: { N: String(end) } });

describe('registering again', () => {
  test('R41 is no way back in for a client that the operator switched off, on no day', async () => {
    expect(await consentPage()).toBe(200);
    await registry.desk.disable(aClientId(client.id));
    const off = await stored();
    // With an end, the table would delete the item on that day, and the word of the operator with it.
    expect(off).toMatchObject({ st: { S: 'off' }, exp: { N: String(NEVER) } });
    expect(off).not.toHaveProperty('ttl');
    const page = await authorize(cloud.issuer, client.id, redirectUri);
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);

    expect((await registered(cloud.issuer, client.metadata)).client_id).toBe(client.id);
    expect(await stored()).toEqual(off);
    expect(await consentPage()).toBe(400);
  });

  test('R41 is none either when the item of a switched-off client is past its end', async () => {
    const off = await become({ st: { S: 'off' }, ...expiring(now() - 1) });
    expect((await registered(cloud.issuer, client.metadata)).client_id).toBe(client.id);
    expect(await stored()).toEqual(off);
    expect(await consentPage()).toBe(400);
  });

  test('R41 brings back a client that expired, while the table still has its item', async () => {
    await become(expiring(now() - 1));
    expect(await consentPage()).toBe(400);
    expect((await registered(cloud.issuer, client.metadata)).client_id).toBe(client.id);
    expect(Number((await stored()).exp?.N)).toBeGreaterThan(now() + 86_000);
    expect(await consentPage()).toBe(200);
  });

  test('R41 does not move the end of a client that is still there', async () => {
    const item = await become(expiring(now() + 600));
    await registered(cloud.issuer, client.metadata);
    expect(await stored()).toEqual(item);
  });
});

describe('a table that does not take the registration', () => {
  test.each([
    ['throttles', new AwsError('ProvisionedThroughputExceededException', 'The level of provisioned throughput …')],
    ['throttles the account', new AwsError('ThrottlingException', 'Rate of requests exceeds the allowed throughput.')],
    ['fails', new AwsError('InternalServerError', 'The request could not be processed', 500)],
    ['is away', new AwsError('ServiceUnavailable', 'The service is unavailable', 503)],
  ])('R37 because it %s is 503 with Retry-After, no client id and no half item', async (_, error) => {
    const before = await registry.items();
    const metadata = { ...CLAUDE, client_name: `Refused by ${error.code}` };
    // The SDK's three attempts.
    faults.failNext('dynamodb:PutItem', error, 3);
    const { status, headers, text } = await register(cloud.issuer, metadata);
    expect([status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([503, '2', 'no-store']);
    expect(JSON.parse(text)).toMatchObject({ error: 'temporarily_unavailable' });
    expect(text).not.toMatch(/client_id|DynamoDB|Exception|throughput|table/i);
    expect(await registry.items()).toEqual(before);

    await registered(cloud.issuer, metadata);
    expect(await registry.items()).toHaveLength(before.length + 1);
  });

  test('R37 one that took it and whose answer is lost is asked again, and has one whole client', async () => {
    const before = await registry.items();
    faults.loseAnswer('dynamodb:PutItem');
    const { client_id } = await registered(cloud.issuer, { ...CLAUDE, client_name: 'Lost' });
    expect(await registry.items()).toHaveLength(before.length + 1);
    expect((await authorize(cloud.issuer, client_id, redirectUri)).status).toBe(200);
  });
});

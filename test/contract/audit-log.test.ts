import { createHmac } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GenerateMacCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordHash } from '../../functions/core/audit/chain.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';

/** The audit log over the SDK and the local cloud, with the IAM policies of the append-only roles enforced. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const today = '2025-11-22';
const insertions = () => stand.running.calls.filter(({ operation }) => operation === 'ExecuteStatement').length;

test('an append resolves once its row is durable, and the chain it belongs to verifies', async () => {
  const log = stand.environment();
  const first = await log.append(anEvent({ requestId: 'one' }));
  const second = await log.append(anEvent({ requestId: 'two', phase: 'outcome', rows: 1, durationMs: 31 }));
  const [stream, ...others] = await stand.day(today);
  expect(others).toEqual([]);
  expect(stream?.verdict).toMatchObject({ ok: true, value: { seq: 2, hash: second.hash } });
  expect(stream?.records.map(({ q, h, m, w }) => [q, h, m, w])).toEqual([
    ['one', first.hash, undefined, undefined],
    ['two', second.hash, 1, 31],
  ]);
});

test('an environment costs one row for its stream and then one a call', async () => {
  const log = stand.environment();
  for (let call = 0; call < 5; call++) await log.append(anEvent());
  expect(insertions()).toBe(1 + 5);
  expect(stand.running.calls.filter(({ operation }) => operation === 'GenerateMac')).toHaveLength(1);
});

test('the second copy is a line from which the hash can be computed again', async () => {
  const log = stand.environment();
  const { hash } = await log.append(anEvent());
  const [line, ...more] = log.lines;
  expect(more).toEqual([]);
  if (line === undefined) throw new Error('there is a line');
  const { h, ...record } = JSON.parse(JSON.stringify(line.audit));
  expect(h).toBe(hash);
  expect(recordHash(record)).toBe(hash);
});

test('no argument, and nothing else that was not asked for, is in the row or the line', async () => {
  const log = stand.environment();
  const event = { ...anEvent({ arguments: { note: 'a very secret note' } }), tenant: 'north', token: 'eyJhbGciOi' };
  await log.append(event);
  const rows = JSON.stringify([await stand.day(today), log.lines]);
  expect(rows).not.toMatch(/secret|north|eyJ/);
});

test('an auditor with the KMS key recomputes the hash of the arguments', async () => {
  await stand.environment().append(anEvent({ tool: 'refund_order', arguments: { reason: 'late', orderId: 42 } }));
  const kms = new KMSClient(stand.running.as('WriterFunction'));
  const { Mac = new Uint8Array() } = await kms.send(
    new GenerateMacCommand({
      KeyId: stand.running.arn('MacKey'),
      MacAlgorithm: 'HMAC_SHA_256',
      Message: Buffer.from(`audit/v1|${today}`),
    }),
  );
  const canonical = '{"orderId":42,"reason":"late"}';
  const expected = createHmac('sha256', Mac).update(`args/v1|refund_order|${canonical}`).digest('base64url');
  const [stream] = await stand.day(today);
  expect(stream?.records[0]).toMatchObject({ a: expected, b: canonical.length });
  kms.destroy();
});

test('appends that are asked for at once become one chain in the order they were asked for', async () => {
  const log = stand.environment();
  await Promise.all(Array.from({ length: 25 }, (_, at) => log.append(anEvent({ requestId: String(at) }))));
  const [stream] = await stand.day(today);
  expect(stream?.verdict).toMatchObject({ ok: true, value: { seq: 25 } });
  expect(stream?.records.map(({ q }) => Number(q))).toEqual(Array.from({ length: 25 }, (_, at) => at));
});

test('many environments at once lose no record, write none twice, and every chain is whole', async () => {
  const requests = await Promise.all(
    Array.from({ length: 40 }, async (_, environment) => {
      const log = stand.environment();
      for (let call = 0; call < 5; call++) await log.append(anEvent({ requestId: `${environment}/${call}` }));
    }),
  );
  const streams = await stand.day(today);
  expect(streams).toHaveLength(requests.length);
  expect(streams.filter(({ verdict }) => !verdict.ok)).toEqual([]);
  const recorded = streams.flatMap(({ records }) => records.map(({ q }) => q));
  expect(recorded).toHaveLength(200);
  expect(new Set(recorded).size).toBe(200);
});

test('a new day opens a new stream with a new key', async () => {
  const log = stand.environment();
  log.clock.set('2025-11-22T23:59:59.999Z');
  await log.append(anEvent());
  log.clock.set('2025-11-23T00:00:00.000Z');
  await log.append(anEvent());
  const [[before], [after]] = await Promise.all([stand.day(today), stand.day('2025-11-23')]);
  expect(before?.records).toHaveLength(1);
  expect(after?.records).toHaveLength(1);
  expect(after?.verdict.ok).toBe(true);
  expect(after?.records[0]?.a).not.toBe(before?.records[0]?.a);
});

test('a clock that goes back does not take the chain with it', async () => {
  const log = stand.environment();
  await log.append(anEvent());
  log.clock.set('2025-11-21T23:00:00.000Z');
  await log.append(anEvent());
  const [stream] = await stand.day(today);
  expect(stream?.verdict).toMatchObject({ ok: true, value: { seq: 2 } });
});

test('the index finds what a person did on a day', async () => {
  await stand.environment().append(anEvent({ subject: 'ada' }));
  const [stream] = await stand.day(today);
  expect(stream?.records[0]).toMatchObject({ u: 'ada#2025-11-22', t: '2025-11-22T10:00:00.000Z' });
});

test('a refused call whose arguments have no canonical form is recorded without their hash', async () => {
  const log = stand.environment();
  await log.append(anEvent({ decision: 'invalid', arguments: { query: '\ud800' } }));
  const [stream] = await stand.day(today);
  expect(stream?.records[0]).toMatchObject({ x: 'invalid', n: 1 });
  expect(stream?.records[0]).not.toHaveProperty('a');
});

test.each(['call', 'intent'] as const)(
  'a %s that is carried out is refused when its arguments cannot be hashed',
  async (phase) => {
    const log = stand.environment();
    await expect(log.append(anEvent({ phase, arguments: { query: '\ud800' } }))).rejects.toThrow('cannot be hashed');
    await log.append(anEvent());
    const [stream] = await stand.day(today);
    expect(stream?.verdict).toMatchObject({ ok: true, value: { seq: 1 } });
  },
);

test('the role that appends can neither replace nor read a row', async () => {
  await stand.environment().append(anEvent());
  const client = new DynamoDBClient(stand.running.as('ReaderFunction'));
  const put = new PutItemCommand({ TableName: stand.running.ref('Log'), Item: { pk: { S: 'S#x' }, sk: { S: '1' } } });
  await expect(client.send(put)).rejects.toThrow('not authorized');
  client.destroy();
});

test('a client that repeats requests by itself is refused, because it would hide whose row a duplicate is', async () => {
  const client = new DynamoDBClient({ ...stand.running.as('ReaderFunction'), maxAttempts: 3 });
  await expect(stand.environment({ client }).append(anEvent())).rejects.toThrow('maxAttempts: 1');
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';

/** What can go wrong between an append and its row, with the SDK's real clients. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const INSERT = 'dynamodb:ExecuteStatement';
const today = '2025-11-22';
const throttled = new AwsError('ThrottlingException', 'Rate of requests exceeds the allowed throughput.');
const broken = new AwsError('InternalServerError', 'The request could not be processed.', 500);
const denied = new AwsError('AccessDeniedException', 'not today');
const duplicate = new AwsError('DuplicateItemException', 'Duplicate primary key exists in table');
const records = async () => (await stand.day(today)).map(({ records }) => records.map(({ q }) => q));
const verdicts = async () => (await stand.day(today)).map(({ verdict }) => verdict.ok);

test('an answer that is lost after the row was written is repeated and found to be our own row', async () => {
  const log = stand.environment();
  await log.append(anEvent({ requestId: 'one' }));
  stand.faults.loseAnswer(INSERT);
  await log.append(anEvent({ requestId: 'two' }));
  await log.append(anEvent({ requestId: 'three' }));
  expect(await records()).toEqual([['one', 'two', 'three']]);
  expect(await verdicts()).toEqual([true]);
});

test('a lost answer to the row of a stream does not lose the stream', async () => {
  stand.faults.loseAnswer(INSERT);
  await stand.environment().append(anEvent({ requestId: 'one' }));
  expect(await records()).toEqual([['one']]);
});

test.each([
  ['throttled', throttled],
  ['failing inside', broken],
])('a table that is %s for a moment costs time and nothing else', async (_, error) => {
  const log = stand.environment();
  await log.append(anEvent({ requestId: 'one' }));
  stand.faults.failNext(INSERT, error, 4);
  await log.append(anEvent({ requestId: 'two' }));
  expect(await records()).toEqual([['one', 'two']]);
});

test('a table that stays throttled rejects the append in time, and the chain goes on where it was', async () => {
  const log = stand.environment({ deadlineMs: 300 });
  await log.append(anEvent({ requestId: 'one' }));
  stand.faults.failNext(INSERT, throttled, 1_000);
  const start = performance.now();
  await expect(log.append(anEvent({ requestId: 'never' }))).rejects.toThrow('not durable: ThrottlingException');
  expect(performance.now() - start).toBeLessThan(1_500);
  while (stand.faults.take(INSERT));
  await log.append(anEvent({ requestId: 'two' }));
  expect(await records()).toEqual([['one', 'two']]);
  expect(await verdicts()).toEqual([true]);
});

test('a row whose fate stays unknown ends its stream, and the next append opens another', async () => {
  const log = stand.environment({ deadlineMs: 300 });
  await log.append(anEvent({ requestId: 'one' }));
  stand.faults.loseAnswer(INSERT);
  stand.faults.failNext(INSERT, broken, 1_000);
  await expect(log.append(anEvent({ requestId: 'perhaps' }))).rejects.toThrow('not durable');
  while (stand.faults.take(INSERT));
  await log.append(anEvent({ requestId: 'two' }));
  expect((await records()).sort()).toEqual([['one', 'perhaps'], ['two']]);
  expect(await verdicts()).toEqual([true, true]);
});

test('a refusal is final at once, and does not harm the chain', async () => {
  const log = stand.environment();
  await log.append(anEvent({ requestId: 'one' }));
  const calls = stand.running.calls.length;
  stand.faults.failNext(INSERT, denied);
  await expect(log.append(anEvent())).rejects.toThrow('not durable: AccessDeniedException: not today');
  expect(stand.running.calls.length).toBe(calls + 1);
  await log.append(anEvent({ requestId: 'two' }));
  expect(await records()).toEqual([['one', 'two']]);
});

test.each([
  ['at the first attempt', 0],
  ['after a throttled attempt, which cannot have written it', 1],
])('a duplicate %s is not ours, and the environment appends nothing any more', async (_, throttles) => {
  const log = stand.environment();
  await log.append(anEvent({ requestId: 'one' }));
  stand.faults.failNext(INSERT, throttled, throttles);
  stand.faults.failNext(INSERT, duplicate);
  await expect(log.append(anEvent())).rejects.toThrow('appends nothing any more');
  const calls = stand.running.calls.length;
  await expect(log.append(anEvent())).rejects.toThrow('appends nothing any more');
  expect(stand.running.calls.length).toBe(calls);
  await stand.environment().append(anEvent({ requestId: 'another environment' }));
  expect((await records()).flat().sort()).toEqual(['another environment', 'one']);
});

test('two environments that draw the same stream id cannot both write to it', async () => {
  const random = (bytes: number) => Buffer.alloc(bytes, 7);
  await stand.environment({ random }).append(anEvent({ requestId: 'one' }));
  await expect(stand.environment({ random }).append(anEvent({ requestId: 'two' }))).rejects.toThrow('already there');
  expect(await records()).toEqual([['one']]);
});

test('without the day key nothing is appended, and the next append asks for it again', async () => {
  const log = stand.environment();
  stand.faults.failNext('kms:GenerateMac', new AwsError('KMSInvalidStateException', 'pending deletion', 400));
  await expect(log.append(anEvent({ requestId: 'never' }))).rejects.toThrow('pending deletion');
  await log.append(anEvent({ requestId: 'one' }));
  expect(await records()).toEqual([['one']]);
});

test('an endpoint that never answers rejects the append at its deadline, and those that waited behind it', async () => {
  const sockets = new Set<{ destroy: () => unknown }>();
  const silent = createServer(() => undefined).on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const client = new DynamoDBClient({ ...stand.running.as('ReaderFunction'), endpoint: `http://127.0.0.1:${port}` });
  const log = stand.environment({ client, deadlineMs: 400 });
  const start = performance.now();
  const results = await Promise.allSettled([log.append(anEvent()), log.append(anEvent())]);
  expect(performance.now() - start).toBeLessThan(1_500);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(log.lines).toEqual([]);
  client.destroy();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('no log line exists for a row that is not known to be durable', async () => {
  const log = stand.environment({ deadlineMs: 200 });
  stand.faults.failNext(INSERT, broken, 1_000);
  await expect(log.append(anEvent())).rejects.toThrow();
  expect(log.lines).toEqual([]);
});

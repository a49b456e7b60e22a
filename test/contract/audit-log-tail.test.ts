import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuditLog } from '../../infra/cli/audit/open-audit-log.ts';
import { type TailOptions, tailAudit } from '../../infra/cli/audit/tail.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand, steppingClock } from '../support/audit-log.ts';

/** `gatehouse audit tail` over the table that environments append to. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const clock = steppingClock('2025-11-22T12:00:00.000Z');

function tail(options: Partial<TailOptions>) {
  const client = new DynamoDBClient(stand.running.as('WriterFunction'));
  const lines: string[] = [];
  const done = tailAudit({
    reader: openAuditLog(client, stand.running.ref('Log')),
    out: { write: (text) => lines.push(...text.trimEnd().split('\n')) },
    follow: false,
    limit: 20,
    json: false,
    signal: new AbortController().signal,
    intervalMs: 20,
    now: clock.millis,
    ...options,
  });
  return { lines, done: done.finally(() => client.destroy()) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 250) throw new Error('that did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('the newest rows of all streams come by their time, under titles that stand above their columns', async () => {
  const [ada, bob] = [stand.environment(), stand.environment()];
  await ada.append(anEvent({ subject: 'ada', requestId: 'one', clientId: 'cursor' }));
  bob.clock.set('2025-11-22T10:00:01.500Z');
  await bob.append(
    anEvent({ subject: 'bob', requestId: 'two', clientId: 'claude', decision: 'denied', reason: 'insufficient-scope' }),
  );
  ada.clock.set('2025-11-22T10:00:02.000Z');
  await ada.append(
    anEvent({ subject: 'ada', requestId: 'three', clientId: 'cursor', phase: 'intent', tool: 'add_ticket_note' }),
  );
  const { lines, done } = tail({});
  await done;
  const [titles = '', ...rows] = lines;
  expect(titles.trim().split(/ {2,}/)).toEqual([
    'time',
    'decision',
    'tool',
    'subject',
    'client',
    'reason',
    'request id',
  ]);
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    ['2025-11-22T10:00:00.000Z', 'allowed', 'search_orders', 'ada', 'cursor', '-', 'one'],
    ['2025-11-22T10:00:01.500Z', 'denied', 'search_orders', 'bob', 'claude', 'insufficient-scope', 'two'],
    ['2025-11-22T10:00:02.000Z', 'allowed', 'add_ticket_note (intent)', 'ada', 'cursor', '-', 'three'],
  ]);
  for (const row of rows) expect(row.charAt(titles.indexOf('client'))).toBe('c');
});

test.each([
  [2, ['three', 'four']],
  [0, []],
])('a limit of %i shows the last rows', async (limit, expected) => {
  const log = stand.environment();
  for (const requestId of ['one', 'two', 'three', 'four']) await log.append(anEvent({ requestId }));
  const { lines, done } = tail({ limit, json: true });
  await done;
  expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(expected);
});

test('following shows rows once each as they are written, also those of streams that are new', async () => {
  const log = stand.environment();
  await log.append(anEvent({ requestId: 'before' }));
  const stop = new AbortController();
  const { lines, done } = tail({ follow: true, json: true, signal: stop.signal });
  await until(() => lines.length === 1);
  await log.append(anEvent({ requestId: 'more' }));
  await until(() => lines.length === 2);
  await stand.environment().append(anEvent({ requestId: 'elsewhere' }));
  await until(() => lines.length === 3);
  stop.abort();
  await done;
  expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(['before', 'more', 'elsewhere']);
});

test('following goes over midnight', async () => {
  const midnight = steppingClock('2025-11-22T23:59:59.000Z');
  const log = stand.environment();
  log.clock.set('2025-11-22T23:59:59.500Z');
  const stop = new AbortController();
  const { lines, done } = tail({ follow: true, json: true, signal: stop.signal, now: midnight.millis });
  await log.append(anEvent({ requestId: 'late' }));
  midnight.set('2025-11-23T00:00:00.100Z');
  log.clock.set('2025-11-23T00:00:00.100Z');
  await log.append(anEvent({ requestId: 'early' }));
  await until(() => lines.length === 2);
  stop.abort();
  await done;
  expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(['late', 'early']);
});

test('a tool name that somebody made up cannot draw on the terminal', async () => {
  await stand.environment().append(anEvent({ tool: '\u001b[2J\u202egnp\nx', decision: 'denied' }));
  const { lines, done } = tail({});
  await done;
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('\\u{1B}[2J\\u{202E}gnp\\u{A}x');
});

test('JSON has the members spelled out, one row a line', async () => {
  const { hash } = await stand.environment().append(anEvent({ arguments: {} }));
  const { lines, done } = tail({ json: true });
  await done;
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    time: '2025-11-22T10:00:00.000Z',
    phase: 'call',
    decision: 'allowed',
    tool: 'search_orders',
    subject: '6f9b1c52-3d84-4e0a-9b17-52c8de01aa47',
    scopes: ['orders:read', 'tickets:read'],
    argumentsBytes: 2,
    dbRole: 'mcp_reader',
    seq: 1,
    hash: Buffer.from(hash, 'base64url').toString('hex'),
  });
});

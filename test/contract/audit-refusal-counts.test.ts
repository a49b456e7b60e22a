import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../functions/core/audit/event.ts';
import { readable } from '../../functions/core/audit/readable.ts';
import { ONE_BY_ONE } from '../../functions/core/audit/refusal-counts.ts';
import { printQuery } from '../../infra/cli/audit/query.ts';
import { queryOf } from '../../infra/cli/audit/query-arguments.ts';
import { tailAudit } from '../../infra/cli/audit/tail.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';

/** Refusals above a rate, over the SDK and the local cloud: how many rows they cost, and that no number is lost. */
let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const DAY = '2025-11-22';
const at = (time: string) => `${DAY}T${time}.000Z`;
const denied = (changed: Partial<AuditEvent> = {}) =>
  anEvent({
    phase: 'event',
    tool: 'auth:consent',
    subject: undefined,
    decision: 'denied',
    countable: true,
    toolDigest: undefined,
    dbRole: undefined,
    ...changed,
  });
type Log = ReturnType<AuditStand['environment']>;
const flood = async (log: Log, times: number, event = denied()) => {
  for (let each = 0; each < times; each++) await log.appendOrCount({ ...event, requestId: `r${each}` });
};
const rows = async (date = DAY) => {
  const streams = await stand.day(date);
  for (const { verdict } of streams) expect(verdict).toMatchObject({ ok: true });
  return streams.flatMap(({ records }) => records);
};
const insertions = () => stand.running.calls.filter(({ operation }) => operation === 'ExecuteStatement').length;

describe('a flood of refusals', () => {
  test('costs twenty rows and one with the number of the others, before the next row of any kind', async () => {
    const log = stand.environment();
    await flood(log, 500);
    expect(insertions()).toBe(1 + ONE_BY_ONE);
    log.clock.set(at('10:01:00'));
    await log.append(anEvent({ requestId: 'next' }));
    const found = await rows();
    expect(found.map(({ f }) => f)).toEqual([...Array.from({ length: ONE_BY_ONE }, () => 'event'), 'count', 'call']);
    const count = found.at(-2);
    expect(count).toMatchObject({ k: 'auth:consent', x: 'denied', m: 480, w: 60_000, q: 'r499', t: at('10:01:00') });
    expect(insertions()).toBe(1 + ONE_BY_ONE + 2);
  });

  test('of two minutes has a number of each', async () => {
    const log = stand.environment();
    await flood(log, 100);
    log.clock.set(at('10:01:00'));
    await flood(log, 100);
    log.clock.set(at('10:05:00'));
    await flood(log, 1);
    const found = await rows();
    expect(found.filter(({ f }) => f === 'count').map(({ m }) => m)).toEqual([80, 80]);
    expect(found.filter(({ f }) => f === 'event')).toHaveLength(2 * ONE_BY_ONE + 1);
  });

  test('by somebody who signed in is found by their subject', async () => {
    const log = stand.environment();
    await flood(log, 30, denied({ tool: 'auth:sign-in', reason: 'no-role', subject: 'eve' }));
    log.clock.set(at('10:02:00'));
    await log.append(anEvent());
    const [count] = (await rows()).filter(({ f }) => f === 'count');
    expect(count).toMatchObject({ u: `eve#${DAY}`, m: 10, r: 'no-role' });
  });

  test('that ends at midnight has its number in the next day’s stream', async () => {
    const log = stand.environment();
    log.clock.set(at('23:59:30'));
    await flood(log, 30);
    log.clock.set('2025-11-23T00:10:00.000Z');
    await log.append(anEvent());
    expect((await rows('2025-11-23')).map(({ f, m, w }) => [f, m, w])).toEqual([
      ['count', 10, 630_000],
      ['call', undefined, undefined],
    ]);
  });

  test('of what may not be counted has every row', async () => {
    const log = stand.environment();
    await flood(log, 30, denied({ countable: false }));
    for (let each = 0; each < 30; each++) await log.append(denied());
    expect(await rows()).toHaveLength(60);
  });
});

describe('a number that cannot be written', () => {
  test('refuses the request that found it due, and is written with the next', async () => {
    const log = stand.environment();
    await flood(log, 30);
    log.clock.set(at('10:01:00'));
    stand.faults.failNext('dynamodb:ExecuteStatement', new AwsError('AccessDeniedException', 'not today'));
    await expect(log.append(anEvent())).rejects.toThrow('not durable');
    await log.append(anEvent());
    const found = await rows();
    expect(found.filter(({ f }) => f === 'count').map(({ m }) => m)).toEqual([10]);
    expect(found.filter(({ f }) => f === 'call')).toHaveLength(1);
  });
});

describe('the row with the number', () => {
  test('reads as a number in tail and query, and is shown to whoever asks for one of several clients', async () => {
    const log = stand.environment();
    for (let each = 0; each < 30; each++) await log.appendOrCount(denied({ clientId: `client-${each}` }));
    log.clock.set(at('10:01:00'));
    await log.append(anEvent());
    let text = '';
    const out = { write: (more: string) => (text += more) };
    const values = { since: DAY, until: DAY, client: 'client-3', json: false, csv: false };
    const client = new DynamoDBClient(stand.running.as('WriterFunction'));
    const source = { reader: stand.reader, log: { client, table: stand.running.ref('Log') } };
    await printQuery(source, queryOf(values, Date.parse(at('12:00:00'))), out, { write: () => true });
    client.destroy();
    const lines = text.split('\n').filter(Boolean);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^2025-11-22T10:01:00.000Z +denied +auth:consent \(10 more\) +- +\* /);
    text = '';
    const now = () => Date.parse(at('12:00:00'));
    const signal = new AbortController().signal;
    await tailAudit({ reader: stand.reader, out, follow: false, limit: 2, json: true, signal, now });
    const [count = '{}'] = text.split('\n');
    expect(JSON.parse(count)).toMatchObject({ phase: 'count', rows: 10, durationMs: 60_000, clientId: '*' });
    const [found] = (await rows()).filter(({ f }) => f === 'count');
    expect(found && readable(found).subject).toBeUndefined();
  });
});

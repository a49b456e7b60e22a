import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { itemSize } from '../../functions/core/audit/item.ts';
import { PAGE, rowsOfSubject } from '../../infra/cli/audit/query-pages.ts';
import { AUDIT_TABLE, createAuditTable, fill, streamOf } from '../support/audit-table.ts';
import { type DynamoDbServer, ELSEWHERE, startFrontedDynalite } from '../support/dynamodb-server.ts';

/**
 * What the log costs, as DynamoDB counts it. The table grows between the measurements; AUDIT_ROWS makes the last one
 * larger, where somebody has the time: AUDIT_ROWS=1000000 takes about ten minutes.
 */
const DAY = '2025-11-22';
const HERS = 120;
const LARGEST = Number(process.env.AUDIT_ROWS ?? 20_000);
const SIZES = [1_000, 5_000, LARGEST];

let server: DynamoDbServer;
beforeAll(async () => {
  server = await startFrontedDynalite();
  await createAuditTable(server.client);
});
afterAll(() => server.close());

const instant = (n: number) => new Date(Date.parse(`${DAY}T00:00:00.000Z`) + n).toISOString();
const idOf = (n: number) => Buffer.alloc(16, String(n)).toString('base64url');

/** Rows of a thousand other people, 500 to an environment. */
async function grow(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500) {
    const rows = Array.from({ length: Math.min(500, to - at) }, (_, n) => ({
      at: instant(at + n),
      event: { subject: `person ${(at + n) % 1_000}`, requestId: String(at + n) },
    }));
    await fill(server.client, streamOf(idOf(at), DAY, rows));
  }
}

/** `units` are all, `table` those without the indexes. dynalite counts what is read from an index, not what is written. */
type Cost = { readonly calls: string[]; units: number; table: number };

/** Counts the calls of a client and the units they cost. */
function measure(client: DynamoDBClient): Cost & { readonly stop: () => void } {
  const cost: Cost = { calls: [], units: 0, table: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
      cost.calls.push(String(context.commandName));
      const answer = await next(args);
      const { ConsumedCapacity = [] } = answer.output as { ConsumedCapacity?: Capacity | Capacity[] };
      for (const { CapacityUnits = 0, Table } of [ConsumedCapacity].flat()) {
        cost.units += CapacityUnits;
        cost.table += Table?.CapacityUnits ?? 0;
      }
      return answer;
    },
    { step: 'initialize', name: 'measure', override: true },
  );
  return Object.assign(cost, { stop: () => void client.middlewareStack.remove('measure') });
}
type Capacity = { readonly CapacityUnits?: number; readonly Table?: { readonly CapacityUnits?: number } };

describe('a page of a person’s rows', () => {
  test(`costs the same at ${SIZES.join(', ')} rows`, { timeout: 60_000 + LARGEST }, async () => {
    const hers = Array.from({ length: HERS }, (_, n) => ({ at: instant(n * 7), event: { subject: 'ada' } }));
    await fill(server.client, streamOf(idOf(-1), DAY, hers));
    const costs: { readonly calls: readonly string[]; readonly units: number }[] = [];
    let size = HERS;
    for (const rows of SIZES) {
      await grow(size, rows);
      size = rows;
      const cost = measure(server.client);
      const log = { client: server.client, table: AUDIT_TABLE };
      const pages: number[] = [];
      for await (const page of rowsOfSubject(log, { user: 'ada', since: instant(0), until: instant(86_399_999) })) {
        pages.push(page.rows.length);
      }
      cost.stop();
      expect(pages).toEqual([PAGE, PAGE, HERS - 2 * PAGE]);
      costs.push({ calls: cost.calls, units: cost.units });
    }
    const page = ['QueryCommand', 'BatchGetItemCommand'];
    // 120 keys of about 200 bytes, 4 KB to half a unit and every page rounded up; 120 rows at half a unit each.
    for (const { calls, units } of costs)
      expect([calls, units]).toEqual([[...page, ...page, ...page], costs[0]?.units]);
    expect(costs[0]?.units).toBeLessThanOrEqual(HERS * 0.5 + 3 * 2);
    expect(costs[0]?.units).toBeGreaterThanOrEqual(HERS * 0.5);
  });
});

describe('a row', () => {
  const fullest = {
    subject: 'x'.repeat(999),
    clientId: 'x'.repeat(999),
    tool: 'x'.repeat(999),
    scopes: ['x'.repeat(999)],
  };
  test.each([
    ['of a call, as long as it can be', { ...fullest, approvalId: 'x'.repeat(99), reason: 'x'.repeat(99) }],
    ['of an event that somebody did', { phase: 'event' as const, subject: 'ada', about: 'grant' }],
    ['of an event of nobody who signed in, which is in no index', { phase: 'event' as const, subject: undefined }],
  ])('%s, is at most 900 bytes and costs one write unit of the table', async (name, event) => {
    const [, item] = streamOf(idOf(-2 - name.length), DAY, [{ at: instant(0), event }]);
    if (item === undefined) throw new Error('there is no row');
    expect(itemSize(item)).toBeLessThanOrEqual(900);
    const cost = measure(server.client);
    await server.client.send(new PutItemCommand({ TableName: AUDIT_TABLE, Item: { ...item } }));
    cost.stop();
    expect(cost.table).toBe(1);
    // The index has keys only, so less than 1 KB as well: one unit more, where index units are counted.
    expect(cost.units).toBe(ELSEWHERE && item.u !== undefined ? 2 : 1);
  });
});

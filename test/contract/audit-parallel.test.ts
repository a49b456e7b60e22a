import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuditLog } from '../../functions/adapters/audit-log.ts';
import { readAuditTable } from '../../functions/adapters/audit-reader.ts';
import { startOf, verifyStream } from '../../functions/core/audit/verify-stream.ts';
import { anEvent } from '../core/audit/builders.ts';
import { steppingClock } from '../support/audit-log.ts';
import { AUDIT_TABLE, createAuditTable } from '../support/audit-table.ts';
import { startAppendableDynamoDb } from '../support/dynamodb-server.ts';

const DAY = '2025-11-22';
const ENVIRONMENTS = 200;
const CALLS = 50;
/** Requests that one DynamoDB in one process is sent at a time: with more, most would wait in its queue. */
const AT_ONCE = 24;

test('200 environments that append 50 rows each at once: none lost, none doubled, every chain whole', {
  timeout: 120_000,
}, async () => {
  const server = await startAppendableDynamoDb();
  try {
    await createAuditTable(server.client);
    const environments = Array.from({ length: ENVIRONMENTS }, () =>
      createAuditLog({
        client: server.client,
        table: AUDIT_TABLE,
        mac: async () => new Uint8Array(32),
        clock: steppingClock(`${DAY}T10:00:00.000Z`),
        random: randomBytes,
        log: () => undefined,
        deadlineMs: 100_000,
      }),
    );
    const hashes = await Promise.all(
      environments.map(async ({ append }, of) => {
        const own: string[] = [];
        for (let n = 0; n < CALLS; n++) {
          const { hash } = await inFlight(() => append(anEvent({ requestId: `${of}/${n}` })));
          own.push(hash);
        }
        return own;
      }),
    );
    // One row a call, and one for each environment that lists it; more requests where a busy machine let one wait too long.
    expect(server.inserts()).toBeGreaterThanOrEqual(ENVIRONMENTS * (CALLS + 1));

    const reader = readAuditTable(server.client, AUDIT_TABLE);
    const streams = await reader.streams(DAY);
    expect(streams.length).toBe(ENVIRONMENTS);
    const found = new Map<string, string>();
    for (const stream of streams) {
      const reads = [];
      for await (const read of reader.records(stream, 0)) {
        reads.push(read);
        if (read.ok) found.set(read.value.q, read.value.h);
      }
      expect(reads.length).toBe(CALLS);
      expect((await verifyStream(startOf(stream, DAY), reads)).ok).toBe(true);
    }
    const expected = hashes.flatMap((own, of) => own.map((hash, n) => [`${of}/${n}`, hash] as const));
    expect(found.size).toBe(ENVIRONMENTS * CALLS);
    expect(new Map(expected)).toEqual(found);
  } finally {
    await server.close();
  }
});

let running = 0;
const waiting: (() => void)[] = [];
async function inFlight<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditReader } from '../../functions/core/audit/reader.ts';
import { createSeal } from '../../functions/seal/seal.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand, steppingClock } from '../support/audit-log.ts';

/** The scheduled verification, over the table that environments append to. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const noon = '2025-11-22T12:00:00.000Z';

function seal(reader: AuditReader, iso = noon) {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const write = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, message, fields });
  const run = createSeal({ reader, clock: steppingClock(iso), log: { info: write('info'), error: write('error') } });
  return { run, lines };
}

/** The table as somebody left it who could change rows: the functions' own roles cannot. */
function tampered(without: number): AuditReader {
  return {
    ...stand.reader,
    async *records(stream, after) {
      for await (const row of stand.reader.records(stream, after)) if (!row.ok || row.value.n !== without) yield row;
    },
  };
}

async function appendEverywhere(environments: number, calls: number): Promise<void> {
  for (let number = 0; number < environments; number++) {
    const log = stand.environment();
    for (let call = 0; call < calls; call++) await log.append(anEvent());
  }
}

test('whole chains are one line that says how much was verified', async () => {
  await appendEverywhere(20, 3);
  const { run, lines } = seal(stand.reader);
  expect(await run()).toMatchObject({ streams: 20, records: 60, broken: [] });
  expect(lines).toEqual([
    { level: 'info', message: 'audit chains verified', fields: { dates: ['2025-11-22'], streams: 20, records: 60 } },
  ]);
});

test('a day on which nothing happened is whole', async () => {
  const { run, lines } = seal(stand.reader);
  expect(await run()).toMatchObject({ streams: 0, records: 0 });
  expect(lines).toHaveLength(1);
});

test('a record that vanished fails the run, after all streams were looked at, and is named', async () => {
  await appendEverywhere(2, 3);
  const { run, lines } = seal(tampered(2));
  await expect(run()).rejects.toThrow(/^audit chain broken: the next record is number 3 \(stream .{22}, record 2\)$/);
  expect(lines).toEqual([
    {
      level: 'error',
      message: 'audit chain broken',
      fields: {
        dates: ['2025-11-22'],
        streams: 2,
        records: 2,
        broken_streams: 2,
        first_bad_record: expect.objectContaining({ reason: 'gap', seq: 2 }),
      },
    },
  ]);
});

test.each([
  ['2025-11-23T00:14:59.000Z', ['2025-11-22', '2025-11-23'], 1],
  ['2025-11-23T00:15:00.000Z', ['2025-11-23'], 0],
])('at %s the days looked at are %j', async (iso, dates, records) => {
  await appendEverywhere(1, 1);
  expect(await seal(stand.reader, iso).run()).toMatchObject({ dates, records });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sealed } from '../../functions/core/audit/chain.ts';
import type { AuditReader } from '../../functions/core/audit/reader.ts';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';
import { ORIGIN, sealingOf } from '../support/sealing.ts';

/** The scheduled sealing, over the table that environments append to, the key and the bucket. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

async function appended(calls: number, log = stand.environment()) {
  for (let call = 0; call < calls; call++) await log.append(anEvent());
  return log;
}

const onlyStream = async () => (await stand.reader.streams('2025-11-22'))[0] ?? expect.fail('there is no stream');

/** The table as somebody left it who could change rows: the functions' own roles cannot. */
function without(gone: (stream: string, n: number) => boolean): AuditReader {
  return {
    ...stand.reader,
    async *records(stream, after) {
      for await (const row of stand.reader.records(stream, after)) {
        if (!row.ok || !gone(stream, row.value.n)) yield row;
      }
    },
  };
}

describe('a run', () => {
  test('signs what was added since the last one, and one line says so', async () => {
    const log = await appended(3);
    const { run, lines, clock, checkpoints, proof } = await sealingOf(stand);
    expect(await run()).toMatchObject({ n: 1, leaves: 1, records: 3, behind: false });
    await appended(2, log);
    await appended(1);
    clock.set('2025-11-22T12:05:00.000Z');
    expect(await run()).toMatchObject({ n: 2, leaves: 2, records: 3, behind: false });
    const [first, second] = await checkpoints();
    expect(second?.parsed).toMatchObject({ origin: ORIGIN, n: 2, from: '2025-11-22', to: '2025-11-22', records: 3 });
    expect(first?.parsed.from).toBe('2025-11-21');
    expect(lines.map(({ level, message, fields }) => [level, message, fields.checkpoint, fields.records])).toEqual([
      ['info', 'audit sealed', 1, 3],
      ['info', 'audit sealed', 2, 3],
    ]);
    expect(await proof({ required: '2025-11-22T12:05:00.000Z' })).toMatchObject({ verdict: 'whole', records: 6 });
  });

  test('with nothing to add makes a checkpoint all the same: that nothing came is signed too', async () => {
    const { run, checkpoints } = await sealingOf(stand);
    expect([await run(), await run()]).toMatchObject([
      { n: 1, leaves: 0 },
      { n: 2, leaves: 0 },
    ]);
    expect((await checkpoints()).map(({ parsed }) => parsed.root)).toEqual(
      Array(2).fill('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'),
    );
  });

  test('reads only what follows the sealed heads, in this environment and in another', async () => {
    const log = await appended(5);
    const { run } = await sealingOf(stand);
    await run();
    await appended(1, log);
    const read: number[] = [];
    const watched: AuditReader = {
      ...stand.reader,
      async *records(stream, after) {
        for await (const row of stand.reader.records(stream, after)) {
          if (row.ok) read.push(row.value.n);
          yield row;
        }
      },
    };
    const other = await sealingOf(stand, { reader: watched });
    expect(await other.run()).toMatchObject({ n: 2, records: 1 });
    await appended(1, log);
    expect(await other.run()).toMatchObject({ n: 3, records: 1 });
    // The other environment has looked back for open writes once, before its first run.
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 5, 6, 6, 7]);
  });
});

describe('a day', () => {
  test('is looked at until a quarter of an hour after its end, however long nothing was sealed', async () => {
    const log = await appended(1);
    const { run, clock, checkpoints, proof } = await sealingOf(stand);
    await run();
    log.clock.set('2025-11-22T23:59:59.900Z');
    await appended(1, log);
    clock.set('2025-11-23T00:14:00.000Z');
    await run();
    clock.set('2025-11-25T09:00:00.000Z');
    await run();
    await run();
    expect((await checkpoints()).map(({ parsed: { from, to } }) => `${from} ${to}`)).toEqual([
      '2025-11-21 2025-11-22',
      '2025-11-22 2025-11-23',
      '2025-11-22 2025-11-25',
      '2025-11-25 2025-11-25',
    ]);
    expect(await proof({ required: '2025-11-23T00:15:00.000Z' })).toMatchObject({ verdict: 'whole', records: 2 });
  });
});

describe('more than fits into one run', () => {
  test('is sealed by the next ones, each over heads that are true, and only the last says that all was read', async () => {
    for (let environment = 0; environment < 7; environment++) await appended(2);
    const { run, checkpoints, proof, clock } = await sealingOf(stand, { bounds: { millis: 10_000, leaves: 3 } });
    const reports = [await run(), await run()];
    clock.set('2025-11-22T12:01:00.000Z');
    reports.push(await run());
    expect(reports.map(({ leaves, behind }) => ({ leaves, behind }))).toEqual([
      { leaves: 3, behind: true },
      { leaves: 3, behind: true },
      { leaves: 1, behind: false },
    ]);
    const [first] = await checkpoints();
    expect(first?.parsed.next?.[0]).toBe('2025-11-22');
    expect((await checkpoints()).map(({ parsed }) => parsed.since)).toEqual(Array(3).fill('2025-11-22T12:00:00.000Z'));
    expect(await proof()).toMatchObject({ verdict: 'whole', streams: 7, records: 14 });
  });

  test('in one stream is cut between two verified records', async () => {
    const log = await appended(4);
    let clock: { set: (iso: string) => void } | undefined;
    const slow: AuditReader = {
      ...stand.reader,
      async *records(stream, after) {
        for await (const row of stand.reader.records(stream, after)) {
          if (row.ok && row.value.n === 2) clock?.set('2025-11-22T12:00:11.000Z');
          yield row;
        }
      },
    };
    const sealing = await sealingOf(stand, { reader: slow, bounds: { millis: 10_000, leaves: 100 } });
    clock = sealing.clock;
    expect(await sealing.run()).toMatchObject({ leaves: 1, records: 2, behind: true });
    expect(await sealing.run()).toMatchObject({ leaves: 1, records: 2, behind: false });
    await appended(1, log);
    expect(await sealing.run()).toMatchObject({ records: 1 });
  });
});

describe('a stream that is not whole', () => {
  test('fails the run after the others were sealed, is named in the note, and stays the verdict when it is mended', async () => {
    await appended(3);
    const bad = await onlyStream();
    await appended(2);
    const { run, lines } = await sealingOf(stand, { reader: without((stream, n) => stream === bad && n === 2) });
    await expect(run()).rejects.toThrow(
      `audit chain broken: stream ${bad} of 2025-11-22, record 2 (gap); checkpoint 1 says so`,
    );
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'audit sealed'],
      ['error', 'audit chain broken'],
    ]);
    const mended = await sealingOf(stand);
    expect(await mended.run()).toMatchObject({ n: 2, leaves: 1, records: 2 });
    const [first] = await mended.checkpoints();
    expect(first?.parsed).toMatchObject({ records: 3, brokenStreams: 1, broken: [['2025-11-22', bad, 2, 'gap']] });
    expect(await mended.proof()).toMatchObject({
      verdict: 'tampered',
      findings: [{ reason: 'reported', checkpoint: 1, stream: bad, record: 2 }],
    });
  });

  test.each([
    ['its sealed end cut off', (n: number) => n > 2, 'vanished'],
    ['its last sealed record taken out, and new ones after it', (n: number) => n === 3, 'sealed'],
    ['all its records gone', () => true, 'vanished'],
  ])('%s is found by the next run', async (_, gone, reason) => {
    const log = await appended(3);
    const { run } = await sealingOf(stand);
    await run();
    await appended(1, log);
    const next = await sealingOf(stand, { reader: without((_stream, n) => gone(n)) });
    await expect(next.run()).rejects.toThrow(`record 3 (${reason}); checkpoint 2 says so`);
  });

  test('whose sealed end was written anew, with the right hash for what it says now, is found by the next run', async () => {
    await appended(3);
    const { run } = await sealingOf(stand);
    await run();
    const rewritten: AuditReader = {
      ...stand.reader,
      async *records(stream, after) {
        for await (const row of stand.reader.records(stream, after)) {
          if (!row.ok || row.value.n !== 3) yield row;
          else {
            const { h: _, ...record } = { ...row.value, x: 'denied' as const };
            yield { ok: true, value: sealed(record) };
          }
        }
      },
    };
    const next = await sealingOf(stand, { reader: rewritten });
    await expect(next.run()).rejects.toThrow('record 3 (sealed); checkpoint 2 says so');
  });

  test('whose listing is gone is missed all the same', async () => {
    await appended(2);
    const { run } = await sealingOf(stand);
    await run();
    const unlisted: AuditReader = { ...without(() => true), streams: async () => [] };
    const next = await sealingOf(stand, { reader: unlisted });
    await expect(next.run()).rejects.toThrow(/record 2 \(vanished\); checkpoint 2 says so$/);
  });
});

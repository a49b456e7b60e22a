import { emptyHead, sealed } from '../../../functions/core/audit/chain.ts';
import { recordLine } from '../../../functions/core/audit/export-lines.ts';
import type { Proof } from '../../../functions/core/audit/prove.ts';
import type { AuditRecord } from '../../../functions/core/audit/record.ts';
import { aStream, today } from './builders.ts';
import { type Lines, names, streams, whole } from './sealed-log.ts';

const [a, b, c] = names;

/** Lines: `a` has 0 to 5, `b` has 6 and 7, `c` has 8 to 10. */
const withRecords = (records: readonly string[]): Lines => ({ ...whole, records });
const line = (record: AuditRecord) => recordLine({ stream: record.s, read: { ok: true, value: record } });
const at = (index: number) => whole.records[index] ?? '';
const recordAt = (index: number) => JSON.parse(at(index)) as AuditRecord;

/** A record that was changed and hashed again, by somebody who knows how. */
function rehashed(record: AuditRecord, change: Partial<AuditRecord>): AuditRecord {
  const { h: _, ...rest } = { ...record, ...change };
  return sealed(rest);
}

/** The stream from a record on, written anew as one chain. */
function rewritten(records: readonly AuditRecord[], from: number, change: Partial<AuditRecord>): AuditRecord[] {
  const result = records.slice(0, from - 1);
  for (const record of records.slice(from - 1)) {
    const head = result.at(-1);
    const p = head?.h ?? emptyHead(record.s, today).hash;
    result.push(rehashed(record, { ...(record.n === from && change), p }));
  }
  return result;
}

const late = aStream(8, a);

/** What was done to an export, the verdict, and where it is found first. */
export type Case = readonly [id: string, what: string, lines: Lines, verdict: Proof['verdict'], where: string];

/** What somebody may do to the records of an export. */
export const tamperedRecords: readonly Case[] = [
  ['R0', 'nothing', whole, 'whole', ''],
  [
    'R1',
    'a byte of a record',
    withRecords(whole.records.with(2, at(2).replace('search_orders', 'search_0rders'))),
    'tampered',
    `hash ${a} 3`,
  ],
  [
    'R2',
    'a record, hashed again',
    withRecords(whole.records.with(2, line(rehashed(recordAt(2), { k: 'whoami' })))),
    'tampered',
    `previous ${a} 4`,
  ],
  [
    'R3',
    'a record and all after it, hashed again',
    withRecords([...rewritten(streams.a, 3, { k: 'whoami' }).map(line), ...whole.records.slice(6)]),
    'tampered',
    `replaced ${a} 3`,
  ],
  [
    'R4',
    'the last record, hashed again',
    withRecords(whole.records.with(5, line(rehashed(recordAt(5), { x: 'denied' })))),
    'tampered',
    `replaced ${a} 5`,
  ],
  ['R5', 'a record taken out of the middle', withRecords(whole.records.toSpliced(2, 1)), 'tampered', `gap ${a} 3`],
  ['R6', 'the first record taken out', withRecords(whole.records.toSpliced(0, 1)), 'tampered', `gap ${a} 1`],
  [
    'R7',
    'the tail of a stream cut before the last checkpoint',
    withRecords(whole.records.toSpliced(4, 2)),
    'tampered',
    `cut ${a} 5`,
  ],
  ['R8', 'two records swapped', withRecords(whole.records.with(1, at(2)).with(2, at(1))), 'tampered', `gap ${a} 2`],
  ['R9', 'a record duplicated', withRecords(whole.records.toSpliced(2, 0, at(1))), 'tampered', `gap ${a} 3`],
  ['R10', 'a stream removed', withRecords(whole.records.toSpliced(6, 2)), 'tampered', `vanished ${b} 1`],
  [
    'R11',
    'a stream put in twice',
    withRecords([...whole.records, ...whole.records.slice(6, 8)]),
    'tampered',
    `order ${b} 1`,
  ],
  [
    'R12',
    'a stream in place of another',
    withRecords([...whole.records.slice(0, 6), ...aStream(2, b).map(line), ...whole.records.slice(8)]),
    'tampered',
    `replaced ${b} 1`,
  ],
  ['R13', 'a record of another stream spliced in', withRecords(whole.records.with(3, at(9))), 'tampered', `cut ${a} 4`],
  [
    'R14',
    'the end of another chain spliced on',
    withRecords([...whole.records.slice(0, 3), ...late.slice(3, 6).map(line), ...whole.records.slice(6)]),
    'tampered',
    `previous ${a} 4`,
  ],
  ['R15', 'a line that is no record', withRecords(whole.records.with(4, '{"s":"x"}')), 'tampered', 'cut'],
  [
    'R16',
    'a record, with a space that means nothing',
    withRecords(whole.records.with(4, at(4).replace(',', ', '))),
    'tampered',
    `malformed ${a} 5`,
  ],
  [
    'R17',
    'a stream that no checkpoint knows',
    withRecords([...whole.records, ...aStream(1, 'DDDDDDDDDDDDDDDDDDDDDD').map(line)]),
    'incomplete',
    'unsealed',
  ],
  [
    'R18',
    'the last checkpoint gone, with what only it sealed in place: the unsealed window',
    { ...whole, checkpoints: whole.checkpoints.slice(0, 2) },
    'incomplete',
    'unsealed',
  ],
  [
    'R19',
    'the last checkpoint gone, with what only it sealed',
    {
      records: whole.records.filter((_, index) => index < 4 || index === 6 || index === 7),
      checkpoints: whole.checkpoints.slice(0, 2),
    },
    'incomplete',
    'unsealed',
  ],
  [
    'R20',
    'the tail of the very last stream cut before the last checkpoint',
    withRecords(whole.records.slice(0, -1)),
    'tampered',
    `cut ${c} 3`,
  ],
];

import { ok, type Result, refuse } from '../result.ts';
import { emptyHead, type Head, recordHash } from './chain.ts';
import type { Malformed } from './item.ts';
import type { AuditRecord } from './record.ts';

/** Why a chain is not whole, and at which number the first wrong record stands, or should stand. */
export type BrokenChain = {
  readonly reason: 'malformed' | 'gap' | 'foreign' | 'previous' | 'hash' | 'time';
  readonly stream: string;
  readonly seq: number;
  readonly detail: string;
};

/** A row as it was read: with a sort key even when it is no record. */
export type ReadRecord = Result<AuditRecord, Malformed>;

/** How far a chain is verified: its head, and the time of its last record. */
export type Verified = Head & { readonly stream: string; readonly date: string; readonly at: string };

/** Nothing verified yet. */
export function startOf(stream: string, date: string): Verified {
  return { ...emptyHead(stream, date), stream, date, at: `${date}T00:00:00.000Z` };
}

/**
 * One step: the next record of the chain, in the order of its numbers. Starting from any verified head works, which is
 * how a checkpoint only has to look at what is new.
 */
export function advance(verified: Verified, read: ReadRecord): Result<Verified, BrokenChain> {
  const { stream, date, at } = verified;
  const seq = verified.seq + 1;
  const broken = (reason: BrokenChain['reason'], detail: string) => refuse({ reason, stream, seq, detail });
  if (!read.ok) return broken('malformed', read.error.detail);
  const { h, ...record } = read.value;
  if (record.s !== stream) return broken('foreign', `the record belongs to the stream ${record.s}`);
  if (record.n !== seq) return broken('gap', gapText(seq, record.n));
  if (record.p !== verified.hash) return broken('previous', 'the record does not follow the one before it');
  if (recordHash(record) !== h) return broken('hash', 'the record is not what it was when it was hashed');
  if (record.t < at || record.t.slice(0, 10) !== date) return broken('time', `${record.t} cannot come after ${at}`);
  return ok({ stream, date, seq, hash: h, at: record.t });
}

/** Walks a stream from where it was verified to its end; stops at the first record that is wrong. */
export async function verifyStream(
  from: Verified,
  records: AsyncIterable<ReadRecord> | Iterable<ReadRecord>,
): Promise<Result<Verified, BrokenChain>> {
  let verified = from;
  for await (const read of records) {
    const next = advance(verified, read);
    if (!next.ok) return next;
    verified = next.value;
  }
  return ok(verified);
}

function gapText(expected: number, found: number): string {
  if (found < expected) return `record ${found} stands where record ${expected} belongs`;
  const gone = found === expected + 1 ? `record ${expected} is` : `records ${expected} to ${found - 1} are`;
  return `${gone} missing: the next one is number ${found}`;
}

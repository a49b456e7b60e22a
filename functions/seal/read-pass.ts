import { type BrokenStream, byStream, type Leaf } from '../core/audit/checkpoint.ts';
import type { AuditReader } from '../core/audit/reader.ts';
import type { AuditRecord } from '../core/audit/record.ts';
import type { Pass } from '../core/audit/sealed-heads.ts';
import { advance, startOf, type Verified } from '../core/audit/verify-stream.ts';
import { ok, type Result, refuse } from '../core/result.ts';

/** What a run may do at most, so that it ends in time and its checkpoint fits into one item. */
export type Bounds = {
  /** Milliseconds since the epoch after which nothing more is read. */
  readonly deadline: number;
  readonly leaves: number;
  readonly now: () => number;
};

/** What was read. `next` is where to go on, when the bounds were met before the last stream's end. */
export type PassRead = {
  readonly leaves: readonly Leaf[];
  readonly broken: readonly BrokenStream[];
  readonly records: number;
  readonly streams: number;
  readonly next: readonly [date: string, stream: string] | undefined;
};

/** Streams that are read at the same time. */
const atOnce = 16;

type Place = readonly [date: string, stream: string];
type StreamRead = { readonly head: Leaf | undefined; readonly records: number; readonly ended: boolean };

/**
 * Reads what the streams of a pass have beyond their sealed heads, and verifies every link of it. The sealed record is
 * read again with what follows it, so a stream that lost its sealed end is found by the next run.
 *
 * Bounds cut between two records whose links were verified, so what is cut is a head like any other, only not the newest.
 * Anything that cannot be read ends the run: then there is no checkpoint. Every verified record is shown to `see`, once.
 *
 * @throws what the reader throws
 */
export async function readPass(
  reader: AuditReader,
  pass: Pass,
  heads: ReadonlyMap<string, Leaf>,
  { deadline, leaves: most, now }: Bounds,
  see: (record: AuditRecord) => void,
): Promise<PassRead> {
  const places = await placesOf(reader, pass, heads);
  const leaves: Leaf[] = [];
  const broken: BrokenStream[] = [];
  let records = 0;
  let streams = 0;
  let next: Place | undefined;
  const hasRoom = () => leaves.length < most && now() < deadline;
  for (let at = 0; at < places.length && next === undefined; ) {
    if (!hasRoom()) {
      next = places[at];
      break;
    }
    const some = places.slice(at, at + Math.min(atOnce, most - leaves.length));
    at += some.length;
    const reads = await Promise.all(some.map((place) => readStream(reader, place, heads.get(place[1]), hasRoom, see)));
    for (const [index, read] of reads.entries()) {
      const { head, records: added, ended } = read.ok ? read.value : read.error.read;
      if (head !== undefined) leaves.push(head);
      if (!read.ok) broken.push(read.error.broken);
      records += added;
      streams++;
      if (!ended) next ??= some[index];
    }
  }
  return { leaves: leaves.sort(byStream), broken, records, streams, next };
}

/** Every stream that is listed, and every one that was sealed: a stream whose listing is gone is missed here, not forgotten. */
async function placesOf(reader: AuditReader, { from, to, after }: Pass, heads: ReadonlyMap<string, Leaf>) {
  const places = new Map<string, Place>();
  for (const leaf of heads.values()) places.set(leaf[1], [leaf[0], leaf[1]]);
  for (const date of days(from, to)) {
    for (const stream of await reader.streams(date)) if (!places.has(stream)) places.set(stream, [date, stream]);
  }
  const sorted = [...places.values()].sort(byStream);
  return after === undefined ? sorted : sorted.filter((place) => byStream(place, after) >= 0);
}

function days(from: string, to: string): string[] {
  const dates: string[] = [];
  const last = Date.parse(to);
  for (let at = Date.parse(from); at <= last; at += 24 * 60 * 60_000)
    dates.push(new Date(at).toISOString().slice(0, 10));
  return dates;
}

type Broken = { readonly broken: BrokenStream; readonly read: StreamRead };

async function readStream(
  reader: AuditReader,
  [date, stream]: Place,
  sealed: Leaf | undefined,
  hasRoom: () => boolean,
  see: (record: AuditRecord) => void,
): Promise<Result<StreamRead, Broken>> {
  const from = sealed?.[2] ?? 0;
  let verified: Verified | undefined = sealed === undefined ? startOf(stream, date) : undefined;
  const grown = (ended: boolean): StreamRead => ({
    head: verified !== undefined && verified.seq > from ? [date, stream, verified.seq, verified.hash] : undefined,
    records: (verified?.seq ?? from) - from,
    ended,
  });
  const isBroken = (seq: number, reason: string) =>
    refuse({ broken: [date, stream, seq, reason], read: grown(true) } satisfies Broken);
  for await (const read of reader.records(stream, Math.max(0, from - 1))) {
    if (verified === undefined) {
      verified = resumed(date, sealed, read);
      if (verified === undefined) return isBroken(from, 'sealed');
      continue;
    }
    const step = advance(verified, read);
    if (!step.ok) return isBroken(step.error.seq, step.error.reason);
    verified = step.value;
    if (read.ok) see(read.value);
    if (!hasRoom()) return ok(grown(false));
  }
  return verified === undefined ? isBroken(from, 'vanished') : ok(grown(true));
}

/** The sealed record itself, which must be there as it was sealed. What follows it is linked to its hash. */
function resumed(date: string, sealed: Leaf | undefined, read: Parameters<typeof advance>[1]): Verified | undefined {
  if (sealed === undefined || !read.ok) return undefined;
  const { s, n, p, t } = read.value;
  const before = { seq: n - 1, hash: p, stream: s, date, at: `${date}T00:00:00.000Z` };
  const step = advance(before, read);
  const [, stream, seq, hash] = sealed;
  return step.ok && s === stream && n === seq && step.value.hash === hash ? { ...step.value, at: t } : undefined;
}

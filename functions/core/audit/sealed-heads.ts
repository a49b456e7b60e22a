import { type Checkpoint, isSigned, type Leaf, type Note, noteHash, rootOf, type TrustedKeys } from './checkpoint.ts';
import type { ReadCheckpoint } from './checkpoint-item.ts';
import { utcDate } from './stream.ts';

/** What the newest checkpoint stands for: itself, and how far every stream of the days that are still open is sealed. */
export type Sealed = {
  readonly last: { readonly note: Note; readonly hash: string; readonly checkpoint: Checkpoint } | undefined;
  readonly heads: ReadonlyMap<string, Leaf>;
};

/** How far to read: the days, when this reading began, and the stream to go on with. */
export type Pass = {
  readonly from: string;
  readonly to: string;
  readonly since: string;
  readonly after: readonly [date: string, stream: string] | undefined;
};

/** A day is looked at for this long after its end, in milliseconds: its last rows may still be under way. */
export const stragglersMs = 15 * 60_000;

const dayMs = 24 * 60 * 60_000;

/**
 * What the next checkpoint has to look at. A day is left only after a reading of all streams that began a quarter of an
 * hour after the day's end: whatever sealing missed, for days even, it goes back for.
 *
 * @param firstLookDays how far the very first checkpoint looks back
 */
export function nextPass(last: Note | undefined, millis: number, firstLookDays = 0): Pass {
  const now = new Date(Math.max(millis, Date.parse(last?.ts ?? '1970-01-01T00:00:00.000Z'))).toISOString();
  const to = now.slice(0, 10);
  if (last === undefined) return { from: utcDate(millis - firstLookDays * dayMs), to, since: now, after: undefined };
  if (last.next) return { from: last.from, to, since: last.since, after: last.next };
  return { from: utcDate(Date.parse(last.since) - stragglersMs), to, since: now, after: undefined };
}

/**
 * Reads checkpoints back, newest first, until all that the next one builds on is known: every head of a day that is still
 * open stands in a checkpoint that looked at that day. What is known from the run before is not read again.
 *
 * @throws Error when the newest is not signed by one of these keys, or one does not follow from the one before. Somebody
 *   else wrote there, and nothing may be built on it.
 */
export async function sealedHeads(
  checkpoints: AsyncIterable<ReadCheckpoint>,
  { keys, origin, known }: { readonly keys: TrustedKeys; readonly origin: string; readonly known: Sealed },
): Promise<Sealed> {
  const newer: Checkpoint[] = [];
  let last: Sealed['last'];
  let from = '';
  let base: Sealed['heads'] = new Map();
  let complete = false;
  for await (const read of checkpoints) {
    if (!read.ok) throw new Error(`checkpoint ${read.error.n} is none: ${read.error.detail}`);
    const { parsed, note } = read.value;
    if (last === undefined) {
      if (!isSigned(read.value, keys)) throw new Error(`checkpoint ${parsed.n} is not signed with the key of this log`);
      if (parsed.origin !== origin) throw new Error(`checkpoint ${parsed.n} is of the log ${parsed.origin}`);
      last = { note: parsed, hash: noteHash(note), checkpoint: read.value };
      from = nextPass(parsed, Date.parse(parsed.ts)).from;
    } else {
      requireLink(newer.at(-1), read.value);
    }
    if (known.last !== undefined && noteHash(note) === known.last.hash) {
      base = known.heads;
      complete = true;
      break;
    }
    complete = parsed.to < from || parsed.n === 1;
    if (parsed.to < from) break;
    if (rootOf(read.value.leaves) !== parsed.root) throw new Error(`the leaves of checkpoint ${parsed.n} were changed`);
    newer.push(read.value);
    if (complete) break;
  }
  if (last !== undefined && !complete) throw new Error(`the checkpoints before ${newer.at(-1)?.parsed.n} are gone`);
  const heads = new Map(base);
  for (const { leaves } of newer.reverse()) for (const leaf of leaves) heads.set(leaf[1], leaf);
  for (const [stream, [date]] of heads) if (date < from) heads.delete(stream);
  return { last, heads };
}

function requireLink(next: Checkpoint | undefined, read: Checkpoint): void {
  if (next === undefined || (next.parsed.n === read.parsed.n + 1 && next.parsed.prev === noteHash(read.note))) return;
  throw new Error(`checkpoint ${next.parsed.n} does not follow from ${read.parsed.n}`);
}

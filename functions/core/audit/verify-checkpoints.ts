import {
  byStream,
  type Checkpoint,
  genesis,
  isSigned,
  type Leaf,
  type Note,
  noteHash,
  rootOf,
  type TrustedKeys,
} from './checkpoint.ts';
import type { ReadCheckpoint } from './checkpoint-item.ts';
import type { Finding } from './finding.ts';

/** A head that a checkpoint sealed. */
export type SealedHead = { readonly seq: number; readonly hash: string; readonly checkpoint: number };

/** What checkpoints say about one stream: its day, and its heads in order. */
export type SealedStream = { readonly date: string; readonly heads: readonly SealedHead[] };

/** What a row of checkpoints proves, as far as it is whole. */
export type VerifiedCheckpoints = {
  readonly findings: readonly Finding[];
  readonly count: number;
  readonly first: Checkpoint['parsed'] | undefined;
  readonly last: Checkpoint['parsed'] | undefined;
  /** Ids of the keys that signed. */
  readonly keys: ReadonlySet<string>;
  /** Every record that was durable before this moment is covered; undefined when no reading was ever finished. */
  readonly through: string | undefined;
  readonly streams: ReadonlyMap<string, SealedStream>;
};

/** What is asked of the checkpoints. */
export type CheckpointDemand = {
  readonly keys: TrustedKeys;
  /** What the log must be called; undefined when any name will do. */
  readonly origin: string | undefined;
  /** The first day that is to be proved: the row must begin before it, or with the first checkpoint there ever was. */
  readonly from: string;
  /** The last one. What was found broken on another day is not about this period. */
  readonly to: string;
};

/**
 * Verifies checkpoints in their order: number after number, each naming the hash of the one before, signed, its leaves
 * under its root, every stream only growing. Leaves of a checkpoint that is not what was signed count for nothing.
 */
export function verifyCheckpoints(reads: readonly ReadCheckpoint[], demand: CheckpointDemand): VerifiedCheckpoints {
  const findings: Finding[] = [];
  const streams = new Map<string, { date: string; heads: SealedHead[] }>();
  const keys = new Set<string>();
  let through: string | undefined;
  let first: Checkpoint | undefined;
  let last: Checkpoint | undefined;
  for (const read of reads) {
    const found = (reason: string, detail: string, n: number | undefined) =>
      findings.push({ verdict: 'tampered', reason, detail, ...(n !== undefined && { checkpoint: n }) });
    if (!read.ok) {
      found('malformed', `what stands for a checkpoint is none: ${read.error.detail}`, read.error.n);
      continue;
    }
    const { parsed } = read.value;
    const wrong = problemOf(read.value, last ?? undefined, demand);
    if (wrong) found(wrong[0], wrong[1], parsed.n);
    first ??= read.value;
    if (wrong && wrong[0] !== 'missing') {
      // A replayed one does not move the row; any other takes its place, so that the next is not blamed for it.
      if (last === undefined || parsed.n === last.parsed.n + 1) last = read.value;
      continue;
    }
    last = read.value;
    keys.add(parsed.key);
    if (parsed.next === undefined) through = parsed.since;
    for (const leaf of read.value.leaves) {
      const shrunk = addHead(streams, leaf, parsed.n);
      if (shrunk) findings.push(shrunk);
    }
    findings.push(...reported(parsed, demand));
  }
  if (first === undefined) {
    findings.push({ verdict: 'incomplete', reason: 'unsealed', detail: 'there is no checkpoint at all' });
  } else if (first.parsed.n !== 1 && first.parsed.to >= demand.from) {
    const detail = `the checkpoints before ${first.parsed.n} are not here, and may be about ${demand.from}`;
    findings.push({ verdict: 'incomplete', reason: 'missing', detail, checkpoint: first.parsed.n - 1 });
  }
  return {
    findings: onceEach(findings),
    count: reads.length,
    first: first?.parsed,
    last: last?.parsed,
    keys,
    through,
    streams,
  };
}

/** The first thing that is wrong with a checkpoint: a code and a sentence. */
function problemOf(
  { parsed, note, leaves, ...rest }: Checkpoint,
  before: Checkpoint | undefined,
  { keys, origin }: CheckpointDemand,
): readonly [string, string] | undefined {
  const { n } = parsed;
  if (before && n <= before.parsed.n) return ['replayed', `checkpoint ${n} stands after ${before.parsed.n}`];
  if (!keys.has(parsed.key)) {
    const given = [...keys.keys()].join(', ');
    const detail = `checkpoint ${n} names the key ${parsed.key}, which is not among those that you trust (${given})`;
    return ['signature', detail];
  }
  if (!isSigned({ parsed, note, leaves, ...rest }, keys))
    return ['signature', `checkpoint ${n} is not what was signed`];
  if (origin !== undefined && parsed.origin !== origin)
    return ['origin', `checkpoint ${n} is of the log ${parsed.origin}`];
  if (leaves.length !== parsed.leaves || rootOf(leaves) !== parsed.root) {
    return ['leaves', `the leaves of checkpoint ${n} do not have the root that was signed`];
  }
  const unsorted = leaves.findIndex((leaf, at) => at > 0 && byStream(leaves[at - 1] ?? leaf, leaf) >= 0);
  if (unsorted >= 0) return ['leaves', `leaf ${unsorted + 1} of checkpoint ${n} is out of order`];
  if (before === undefined) {
    return n === 1 && parsed.prev !== genesis(parsed.origin)
      ? ['previous', 'the first checkpoint names one before it']
      : undefined;
  }
  if (n > before.parsed.n + 1) {
    const gone =
      n === before.parsed.n + 2 ? `checkpoint ${n - 1} is` : `checkpoints ${before.parsed.n + 1} to ${n - 1} are`;
    return ['missing', `${gone} missing`];
  }
  if (parsed.prev !== noteHash(before.note)) return ['previous', `checkpoint ${n} does not follow from ${n - 1}`];
  if (parsed.ts < before.parsed.ts) return ['time', `checkpoint ${n} is older than ${n - 1}`];
  return undefined;
}

function addHead(
  streams: Map<string, { date: string; heads: SealedHead[] }>,
  [date, stream, seq, hash]: Leaf,
  checkpoint: number,
): Finding | undefined {
  const known = streams.get(stream) ?? { date, heads: [] };
  const before = known.heads.at(-1);
  if (known.date !== date || (before && before.seq >= seq)) {
    const detail = `checkpoint ${checkpoint} has record ${seq} of ${date} as the stream's end, after record ${before?.seq} of ${known.date}`;
    return { verdict: 'tampered', reason: 'regressed', detail, checkpoint, stream, record: seq };
  }
  known.heads.push({ seq, hash, checkpoint });
  streams.set(stream, known);
  return undefined;
}

/** The streams of the period that a checkpoint found broken. Of more than it names, any may be one. */
function reported({ n, broken = [], brokenStreams = 0 }: Note, { from, to }: CheckpointDemand): Finding[] {
  const found = { verdict: 'tampered', reason: 'reported', checkpoint: n } as const;
  const when = `when checkpoint ${n} was made`;
  const named = broken
    .filter(([date]) => date >= from && date <= to)
    .map(([, stream, record, why]): Finding => {
      return { ...found, detail: `${when}, the stream was not whole at record ${record} (${why})`, stream, record };
    });
  const others = brokenStreams - broken.length;
  return others > 0 ? [...named, { ...found, detail: `${when}, ${others} more streams were not whole` }] : named;
}

/** A stream that stays broken is reported by every checkpoint from then on: the first says it. */
function onceEach(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ reason, stream, record }) => {
    const same = `${stream}/${record}`;
    if (reason !== 'reported') return true;
    return !seen.has(same) && seen.add(same);
  });
}

import {
  type Checkpoint,
  genesis,
  type Note,
  noteHash,
  noteText,
  rootOf,
  type SignedCheckpoint,
  type TrustedKeys,
} from '../core/audit/checkpoint.ts';
import { type IntentWatch, watchIntents } from '../core/audit/open-intents.ts';
import type { AuditReader } from '../core/audit/reader.ts';
import { nextPass, type Pass, type Sealed, sealedHeads } from '../core/audit/sealed-heads.ts';
import type { Clock } from '../core/ports.ts';
import { lookBack, tellOpen } from './open-writes.ts';
import { type PassRead, readPass } from './read-pass.ts';

/** Where checkpoints go. */
export type CheckpointStore = {
  /**
   * Adds the checkpoint at its number.
   *
   * @throws Error when it is not there afterwards: another run's is, or the table cannot be reached
   */
  readonly insert: (n: number, checkpoint: SignedCheckpoint) => Promise<void>;
  /** Puts the locked copy, once. @throws Error when it cannot be known to be there */
  readonly copy: (n: number, checkpoint: SignedCheckpoint) => Promise<void>;
};

export type SealPorts = {
  readonly reader: AuditReader;
  readonly store: CheckpointStore;
  /** Signs the bytes of a note: base64 of a DER signature. */
  readonly sign: (note: string) => Promise<string>;
  /** The id of the key that signs, and every key that checkpoints of this log were signed with. */
  readonly key: string;
  readonly keys: TrustedKeys;
  /** What this log is called in its checkpoints. */
  readonly origin: string;
  readonly clock: Clock;
  readonly log: {
    readonly info: (message: string, fields: Readonly<Record<string, unknown>>) => void;
    readonly error: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  };
  /** How long a run may read, in milliseconds, and how many streams its checkpoint may move. */
  readonly bounds?: { readonly millis: number; readonly leaves: number };
  /** How many days the very first checkpoint looks back, for a log that was there before it was sealed. */
  readonly firstLookDays?: number;
};

/** What one run sealed. */
export type SealReport = {
  readonly n: number;
  readonly hash: string;
  readonly leaves: number;
  readonly records: number;
  /** Whether there is more to seal already: run it again. */
  readonly behind: boolean;
};

/** Of the 60 s a run has: the rest is for the copy, the signature and the write, each with their retries. */
const BOUNDS = { millis: 35_000, leaves: 2_000 } as const;

const FIRST_LOOK_DAYS = 31;

/** Checkpoints that are read back at a time: in an environment that is warm, one is enough. */
const atATime = 8;

/** Broken streams that a note names. It says how many there are in any case. */
const MOST_NAMED = 20;

/**
 * One run of the seal: reads on from the last checkpoint's heads, signs a checkpoint over what was added, stores it and
 * its copy. Every run makes one, also when nothing was added: that nothing came is worth a signature too.
 *
 * A stream that is not whole is sealed as far as it is, and the note names it, so that its repair cannot hide that it was
 * broken. The others are sealed as ever.
 *
 * @throws Error when a stream is broken, after the checkpoint was made, so that the invocation fails and the alarm goes
 *   off; and whenever something could not be read, signed or written: then there is no checkpoint, and the next run goes
 *   on where this one began
 */
export function createSeal(ports: SealPorts): () => Promise<SealReport> {
  const { reader, store, keys, origin, clock } = ports;
  let known: Sealed = { last: undefined, heads: new Map() };
  let copied = 0;
  let watch: IntentWatch | undefined;
  return async () => {
    const bounds = ports.bounds ?? BOUNDS;
    const deadline = clock.millis() + bounds.millis;
    const sealed = await sealedHeads(reader.checkpoints(atATime), { keys, origin, known });
    const { last, heads } = sealed;
    // At most one checkpoint may lack its locked copy: there is no other before this one has it.
    if (last !== undefined && last.note.n !== copied) await store.copy(last.note.n, signedOnly(last.checkpoint));
    const pass = nextPass(last?.note, clock.millis(), ports.firstLookDays ?? FIRST_LOOK_DAYS);
    const watching = watch ?? watchIntents();
    const half = deadline - bounds.millis / 2;
    if (watch === undefined && !(await lookBack(reader, heads, watching, clock, half))) {
      ports.log.info('writes that were left open earlier were not all looked for', { streams: heads.size });
    }
    // A run that fails may have shown it some records and not others: the next one begins anew.
    watch = undefined;
    const limits = { deadline, leaves: bounds.leaves, now: clock.millis };
    const read = await readPass(reader, pass, heads, limits, watching.see);
    const note = noteOf(ports, last, pass, read);
    const text = noteText(note);
    const signed = { note: text, signature: await ports.sign(text), leaves: [...read.leaves] };
    await store.insert(note.n, signed);
    known = {
      last: { note, hash: noteHash(text), checkpoint: { ...signed, parsed: note } },
      heads: grown(heads, read),
    };
    watch = watching;
    await store.copy(note.n, signed);
    copied = note.n;
    tellOpen(ports.log, watching, clock.millis());
    return tell(ports.log, note, noteHash(text), read);
  };
}

function signedOnly({ note, signature, leaves }: Checkpoint): SignedCheckpoint {
  return { note, signature, leaves };
}

function noteOf({ origin, key, clock }: SealPorts, last: Sealed['last'], pass: Pass, read: PassRead): Note {
  const { leaves, broken, records, next } = read;
  return {
    type: 'audit-checkpoint/v1',
    origin,
    n: (last?.note.n ?? 0) + 1,
    prev: last?.hash ?? genesis(origin),
    key,
    // A clock that was set back must not make a checkpoint that is older than the one before it.
    ts: new Date(Math.max(clock.millis(), Date.parse(last?.note.ts ?? pass.since))).toISOString(),
    since: pass.since,
    from: pass.from,
    to: pass.to,
    ...(next && { next: [next[0], next[1]] }),
    leaves: leaves.length,
    records,
    root: rootOf(leaves),
    ...(broken.length > 0 && { brokenStreams: broken.length, broken: broken.slice(0, MOST_NAMED) }),
  };
}

function grown(heads: Sealed['heads'], { leaves }: PassRead): Sealed['heads'] {
  const all = new Map(heads);
  for (const leaf of leaves) all.set(leaf[1], leaf);
  return all;
}

function tell(log: SealPorts['log'], note: Note, hash: string, { broken, streams }: PassRead): SealReport {
  const { n, ts, since, from, to, leaves, records, root, next } = note;
  const behind = next !== undefined;
  log.info('audit sealed', { checkpoint: n, hash, root, ts, since, from, to, streams, leaves, records, behind });
  const [first] = broken;
  if (first === undefined) return { n, hash, leaves, records, behind };
  const [date, stream, seq, reason] = first;
  log.error('audit chain broken', {
    checkpoint: n,
    broken_streams: broken.length,
    first: { date, stream, seq, reason },
  });
  throw new Error(
    `audit chain broken: stream ${stream} of ${date}, record ${seq} (${reason}); checkpoint ${n} says so`,
  );
}

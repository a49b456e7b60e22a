import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../result.ts';
import { canonicalJson } from './canonical.ts';
import { merkleRoot } from './merkle.ts';

/**
 * A checkpoint says how far every stream that grew since the checkpoint before it reaches: its leaves. What it signs is a
 * note, the canonical JSON of a few members, with the Merkle root of the leaves in it. The README beside this file has the
 * format, so that a verifier can be written without this code.
 */

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const date = z.iso.date();
const instant = z.iso.datetime({ precision: 3 });
const count = z.int().check(z.minimum(0));
const stream = z.string();

/** `[day, stream, number of its last record, hash of that record]`. */
const leaf = z.tuple([date, stream, z.int().check(z.minimum(1)), hash]);
export type Leaf = z.infer<typeof leaf>;

/** `[day, stream, number of the first bad record, why]`. */
const brokenStream = z.tuple([date, stream, count, z.string()]);
export type BrokenStream = z.infer<typeof brokenStream>;

const noteShape = z.strictObject({
  /** Nothing else that this key may ever sign begins like this. */
  type: z.literal('audit-checkpoint/v1'),
  /** Which deployment's log: name, region, account. */
  origin: z.string().check(z.minLength(1)),
  n: z.int().check(z.minimum(1)),
  /** Hash of the note before; of the first, of its origin. */
  prev: hash,
  /** Which key signed: SHA-256 of its SubjectPublicKeyInfo, in hexadecimal digits. */
  key: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  ts: instant,
  /** When the reading that this checkpoint ends or continues began. */
  since: instant,
  /** The days that were looked at, first and last. */
  from: date,
  to: date,
  /** The stream at which the next run goes on. Absent: every stream was read to its end, `since` or later. */
  next: z.optional(z.tuple([date, stream])),
  leaves: count,
  /** Records that these leaves add to what was sealed before. */
  records: count,
  root: hash,
  /** Streams that are not whole; the first twenty are named. */
  brokenStreams: z.optional(count),
  broken: z.optional(z.array(brokenStream)),
});
export type Note = z.infer<typeof noteShape>;

const signedShape = z.strictObject({ note: z.string(), signature: z.string(), leaves: z.array(leaf) });

/** A checkpoint as it is stored, copied and exported. `note` is the very text that was signed; the signature is base64 of DER. */
export type SignedCheckpoint = z.infer<typeof signedShape>;

/** A checkpoint that was read: its parsed note beside the text. */
export type Checkpoint = SignedCheckpoint & { readonly parsed: Note };

/** What was stored as a checkpoint and is none. `n` is its place, where that is known. */
export type NoCheckpoint = { readonly reason: 'malformed'; readonly n: number | undefined; readonly detail: string };

/** The text of a note. @throws {TypeError} when it has no canonical form, which no note of ours lacks */
export function noteText(note: Note): string {
  const text = canonicalJson(note);
  if (!text.ok) throw new TypeError(`a note must be canonical JSON: ${text.error.detail}`);
  return text.value;
}

/** What the next note has as `prev`. */
export function noteHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

/** What the first note has as `prev`. */
export function genesis(origin: string): string {
  return createHash('sha256').update(`checkpoint/v1|${origin}`, 'utf8').digest('base64url');
}

/** The Merkle root of leaves, in their order. */
export function rootOf(leaves: readonly Leaf[]): string {
  return merkleRoot(leaves.map((each) => Buffer.from(JSON.stringify(each), 'utf8'))).toString('base64url');
}

/** The order of leaves, and of everything that walks streams: by day, then by stream, as code units. */
export function byStream(one: readonly [string, string, ...unknown[]], other: readonly [string, string, ...unknown[]]) {
  return compare(one[0], other[0]) || compare(one[1], other[1]);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Reads a stored checkpoint. Only its form is looked at: `verifyCheckpoints` says whether it is true. */
export function readCheckpoint(stored: unknown): Result<Checkpoint, NoCheckpoint> {
  const outer = signedShape.safeParse(stored);
  if (!outer.success) return malformed(undefined, outer.error.issues[0]);
  let json: unknown;
  try {
    json = JSON.parse(outer.data.note);
  } catch {
    return refuse({ reason: 'malformed', n: undefined, detail: 'the note is no JSON' });
  }
  const note = noteShape.safeParse(json);
  const { n } = (json ?? {}) as { n?: unknown };
  const place = typeof n === 'number' ? n : undefined;
  if (!note.success) return malformed(place, note.error.issues[0]);
  if (noteText(note.data) !== outer.data.note) {
    return refuse({ reason: 'malformed', n: place, detail: 'the note is not in its canonical form (RFC 8785)' });
  }
  return ok({ ...outer.data, parsed: note.data });
}

function malformed(n: number | undefined, issue: z.core.$ZodIssue | undefined) {
  const detail = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no checkpoint'}`;
  return refuse({ reason: 'malformed', n, detail } satisfies NoCheckpoint);
}

/** The public keys that may have signed, by their id. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** A public key's id: SHA-256 of its DER SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` has it. */
export function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Keys by their id. @throws Error for what is no public key on P-256 */
export function trusted(keys: readonly Parameters<typeof createPublicKey>[0][]): TrustedKeys {
  return new Map(
    keys.map((each) => {
      const key = createPublicKey(each);
      if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('it is no public key on P-256');
      return [keyId(key), key];
    }),
  );
}

/** Whether the note was signed with the key it names, and that key is one of these: ECDSA with SHA-256, DER. */
export function isSigned({ note, signature, parsed }: Checkpoint, keys: TrustedKeys): boolean {
  const key = keys.get(parsed.key);
  const der = Buffer.from(signature, 'base64');
  // One text for one signature: what decoding forgives would be a change that nobody finds.
  if (key === undefined || der.toString('base64') !== signature) return false;
  return verify('sha256', Buffer.from(note, 'utf8'), key, der);
}

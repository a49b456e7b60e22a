import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { AuditEvent } from './event.ts';

/**
 * A row of the audit log in its JSON form: names of one letter, because DynamoDB counts names as bytes, and hashes in
 * base64url (in the table they are binary). The README beside this file says what each letter means.
 */
export type AuditRecord = z.infer<typeof auditRecord>;

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const count = z.int().check(z.minimum(0));

export const auditRecord = z.strictObject({
  v: z.literal(1),
  s: z.string(),
  n: z.int().check(z.minimum(1)),
  p: hash,
  t: z.iso.datetime({ precision: 3 }),
  u: z.optional(z.string()),
  f: z.enum(['call', 'intent', 'outcome', 'event', 'count']),
  q: z.string(),
  c: z.string(),
  k: z.string(),
  d: z.optional(hash),
  a: z.optional(hash),
  b: z.optional(count),
  g: z.string(),
  x: z.enum(['allowed', 'denied', 'invalid', 'failed', 'unknown']),
  r: z.optional(z.string()),
  y: z.optional(z.string()),
  o: z.optional(z.string()),
  l: z.optional(z.string()),
  m: z.optional(count),
  w: z.optional(count),
  h: hash,
});

/** What is hashed: the record before it has its own hash. */
export type UnsealedRecord = Omit<AuditRecord, 'h'>;

/** Where in which chain a record stands, and when it was made. */
export type Position = {
  readonly stream: string;
  readonly seq: number;
  readonly previous: string;
  readonly at: string;
};

/** The keyed hash and the size of canonical arguments; `undefined` when they have no canonical form. */
export type HashedArguments = { readonly mac: Uint8Array; readonly bytes: number } | undefined;

/** The longest each text of a row may be, in bytes, so that no row exceeds 900 whatever the call carries. */
const limits = {
  subject: 128,
  clientId: 128,
  tool: 64,
  requestId: 40,
  scopes: 140,
  reason: 64,
  approvalId: 44,
  dbRole: 24,
  about: 96,
};

/**
 * The record of an event at its place in a chain, not yet hashed. Absent values have no name at all.
 * @throws {TypeError} when the tool's digest is not 64 hexadecimal digits, which only a bug of ours makes.
 */
export function recordOf(event: AuditEvent, args: HashedArguments, position: Position): UnsealedRecord {
  const { subject, reason, approvalId } = event;
  return {
    v: 1,
    s: position.stream,
    n: position.seq,
    p: position.previous,
    t: position.at,
    // Without a subject there is no entry in the index either: all of those under one key would make it a hot one.
    ...(subject !== undefined && { u: subjectDay(subject, position.at.slice(0, 10)) }),
    f: event.phase,
    q: bounded(event.requestId, limits.requestId),
    c: bounded(event.clientId, limits.clientId),
    k: bounded(event.tool, limits.tool),
    g: bounded(event.scopes.join(' '), limits.scopes),
    x: event.decision,
    ...(reason !== undefined && { r: bounded(reason, limits.reason) }),
    ...(approvalId !== undefined && { y: bounded(approvalId, limits.approvalId) }),
    ...ofItsPhase(event, args),
  };
}

function ofItsPhase(event: AuditEvent, args: HashedArguments) {
  if (event.phase === 'event') return ofAnEvent(event);
  return event.phase === 'count' ? measures(event) : ofACall(event, args);
}

function ofAnEvent({ about }: AuditEvent) {
  return about === undefined ? {} : { o: bounded(about, limits.about) };
}

function ofACall(event: AuditEvent, args: HashedArguments) {
  const { toolDigest, dbRole } = event;
  return {
    ...(toolDigest !== undefined && { d: digestBytes(toolDigest).toString('base64url') }),
    ...(args && { a: Buffer.from(args.mac).toString('base64url'), b: args.bytes }),
    ...(dbRole !== undefined && { l: bounded(dbRole, limits.dbRole) }),
    ...measures(event),
  };
}

function measures({ rows, durationMs }: AuditEvent) {
  return {
    ...(rows !== undefined && { m: rows }),
    ...(durationMs !== undefined && { w: Math.max(0, Math.round(durationMs)) }),
  };
}

function digestBytes(digest: string): Buffer {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new TypeError('a tool digest is 64 hexadecimal digits');
  return Buffer.from(digest, 'hex');
}

/** The key under which the index `by-subject` finds a person's rows of one UTC day. */
export function subjectDay(subject: string, date: string): string {
  return `${bounded(subject, limits.subject)}#${date}`;
}

/** A client's id or a tool's name as rows have it, to look for it. */
export function asRecorded(field: 'clientId' | 'tool', text: string): string {
  return bounded(text, limits[field]);
}

/**
 * The text itself when it fits, else its beginning, `~`, and 72 bits of its SHA-256: still the same for the same text,
 * so a search for the whole finds it. Lone surrogates become U+FFFD, because canonical JSON has none.
 */
function bounded(text: string, bytes: number): string {
  const utf8 = Buffer.from(text, 'utf8');
  if (utf8.length <= bytes) return text.toWellFormed();
  const digest = createHash('sha256').update(utf8).digest('base64url').slice(0, 12);
  let end = bytes - digest.length - 1;
  while (((utf8[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${utf8.subarray(0, end).toString('utf8')}~${digest}`;
}

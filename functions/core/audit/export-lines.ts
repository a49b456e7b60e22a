import { refuse } from '../result.ts';
import { canonicalJson } from './canonical.ts';
import { readCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import type { ReadCheckpoint } from './checkpoint-item.ts';
import { auditRecord } from './record.ts';
import type { Entry } from './verify-records.ts';

/**
 * The lines of an export. Each is the canonical JSON (RFC 8785) of what it stands for, and is read as nothing else: so
 * there is one text for one record, and no change of a byte goes unseen.
 */

/** The line of a row. One that is no record is told, with its place, so that an export hides nothing. */
export function recordLine({ stream, read }: Entry): string {
  if (read.ok) return canonical(read.value);
  return canonical({ s: stream ?? '', n: read.error.seq ?? 0, malformed: read.error.detail });
}

/** The row of a line. One that names no stream stands among the rows of the stream before it. */
export function entryOf(line: string): Entry {
  const { value, canonical } = parsed(line);
  const { s, n, malformed } = (value ?? {}) as { s?: unknown; n?: unknown; malformed?: unknown };
  const stream = typeof s === 'string' ? s : undefined;
  const none = (detail: string): Entry => {
    const seq = typeof n === 'number' ? n : undefined;
    return { stream, read: refuse({ reason: 'malformed', seq, detail }) };
  };
  if (!canonical) return none('the line is not canonical JSON (RFC 8785)');
  if (typeof malformed === 'string') return none(malformed);
  const record = auditRecord.safeParse(value);
  if (record.success) return { stream, read: { ok: true, value: record.data } };
  const [issue] = record.error.issues;
  return none(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no record'}`);
}

/** The line of a checkpoint; the bytes of its locked copy are the same. */
export function checkpointLine({ note, signature, leaves }: SignedCheckpoint): string {
  return canonical({ note, signature, leaves });
}

/** The checkpoint of a line. */
export function checkpointOf(line: string): ReadCheckpoint {
  const { value, canonical } = parsed(line);
  if (canonical) return readCheckpoint(value);
  return refuse({ reason: 'malformed', n: undefined, detail: 'the line is not canonical JSON (RFC 8785)' });
}

/** @throws {TypeError} for what has no canonical form: nothing that was hashed lacks one */
function canonical(value: unknown): string {
  const text = canonicalJson(value);
  if (!text.ok) throw new TypeError(text.error.detail);
  return text.value;
}

/** What a line stands for, and whether it is that value's one text. */
function parsed(line: string): { readonly value: unknown; readonly canonical: boolean } {
  try {
    const value: unknown = JSON.parse(line);
    const text = canonicalJson(value);
    return { value, canonical: text.ok && text.value === line };
  } catch {
    return { value: undefined, canonical: false };
  }
}

import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import type { AuditRecord, UnsealedRecord } from './record.ts';

/** A chain so far: how many records it has and the hash of the last one. This is what a checkpoint signs. */
export type Head = { readonly seq: number; readonly hash: string };

/**
 * The head of a chain that has no record yet. It stands for the stream and its day, so that no chain can be presented
 * as another's.
 */
export function emptyHead(stream: string, date: string): Head {
  return { seq: 0, hash: createHash('sha256').update(`stream/v1|${date}|${stream}`).digest('base64url') };
}

/** The record with its hash: SHA-256("rec/v1" ‖ canonical JSON of the record without it). */
export function sealed(record: UnsealedRecord): AuditRecord {
  return { ...record, h: recordHash(record) };
}

/** @throws {TypeError} when the record has no canonical form: `recordOf` makes none such. */
export function recordHash(record: UnsealedRecord): string {
  const canonical = canonicalJson(record);
  if (!canonical.ok) throw new TypeError(`an audit record must be canonical JSON: ${canonical.error.detail}`);
  return createHash('sha256').update(`rec/v1${canonical.value}`, 'utf8').digest('base64url');
}

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  genesis,
  keyId,
  type Leaf,
  type Note,
  noteHash,
  noteText,
  rootOf,
  type SignedCheckpoint,
  trusted,
} from '../../../functions/core/audit/checkpoint.ts';
import { checkpointLine, recordLine } from '../../../functions/core/audit/export-lines.ts';
import type { AuditRecord } from '../../../functions/core/audit/record.ts';
import { aStream, today } from './builders.ts';

const origin = 'gatehouse-test/eu-west-1/111122223333';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const keys = trusted([pem]);
const strangers = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Signs a note that follows from another. */
export function checkpointAfter(
  before: SignedCheckpoint | undefined,
  leaves: readonly Leaf[],
  changed: Partial<Note> = {},
  key: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = { publicKey, privateKey },
): SignedCheckpoint {
  const last = before && (JSON.parse(before.note) as Note);
  const n = (last?.n ?? 0) + 1;
  const at = new Date(Date.parse(`${today}T10:00:00.000Z`) + n * 300_000).toISOString();
  const note = noteText({
    type: 'audit-checkpoint/v1',
    origin,
    n,
    prev: before ? noteHash(before.note) : genesis(origin),
    key: keyId(key.publicKey),
    ts: at,
    since: at,
    from: today,
    to: today,
    leaves: leaves.length,
    records: 0,
    root: rootOf(leaves),
    ...changed,
  });
  return { note, signature: sign('sha256', Buffer.from(note), key.privateKey).toString('base64'), leaves: [...leaves] };
}

/** As somebody signs who has not the key of the log. */
export const forgedAfter: typeof checkpointAfter = (before, leaves, changed) =>
  checkpointAfter(before, leaves, changed, strangers);

/** A log of one day: three streams, three checkpoints. `b` has no record after the first, `c` begins with the third. */
export const names = ['AAAAAAAAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCCCCCCCC'] as const;
const [a, b, c] = names;
export const streams = { a: aStream(6, a), b: aStream(2, b), c: aStream(3, c) } as const;

export function leafOf(records: readonly AuditRecord[], seq: number): Leaf {
  const record = records[seq - 1];
  if (record === undefined) throw new Error(`there is no record ${seq}`);
  return [record.t.slice(0, 10), record.s, seq, record.h];
}

const first = checkpointAfter(undefined, [leafOf(streams.a, 2), leafOf(streams.b, 2)]);
const second = checkpointAfter(first, [leafOf(streams.a, 4)]);
const third = checkpointAfter(second, [leafOf(streams.a, 6), leafOf(streams.c, 3)]);
export const checkpoints: readonly SignedCheckpoint[] = [first, second, third];
const records: readonly AuditRecord[] = [...streams.a, ...streams.b, ...streams.c];

/** The two files of an export, as lines. */
export type Lines = { readonly records: readonly string[]; readonly checkpoints: readonly string[] };

export const whole: Lines = {
  records: records.map((record) => recordLine({ stream: record.s, read: { ok: true, value: record } })),
  checkpoints: checkpoints.map(checkpointLine),
};
export const through = (JSON.parse(third.note) as Note).since;

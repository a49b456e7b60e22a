import { ok, type Result, refuse } from '../result.ts';
import { type AuditRecord, auditRecord } from './record.ts';
import { recordKey } from './stream.ts';

/** As much of DynamoDB's attribute values as a row uses. */
type Attribute = { readonly S: string } | { readonly N: string } | { readonly B: Uint8Array };
export type Item = Readonly<Record<string, Attribute>>;

/** A row that is no record: something in the table that we did not write, or not like this. `seq` is its place. */
export type Malformed = { readonly reason: 'malformed'; readonly seq: number | undefined; readonly detail: string };

/** Attributes that hold 32 bytes: 33 bytes of a row each, where hexadecimal digits would take 65. */
const binary = new Set(['p', 'd', 'a', 'h']);

/** The row of a record. Its stream and number are the key, and stand nowhere else. */
export function itemOf(record: AuditRecord): Item {
  const { s, n, ...rest } = record;
  const attributes = Object.entries(rest).flatMap(([name, value]): [string, Attribute][] =>
    value === undefined ? [] : [[name, attributeOf(name, value)]],
  );
  return { ...recordKey(s, n), ...Object.fromEntries(attributes) };
}

function attributeOf(name: string, value: string | number): Attribute {
  if (typeof value === 'number') return { N: String(value) };
  return binary.has(name) ? { B: Buffer.from(value, 'base64url') } : { S: value };
}

/**
 * The record of a row. Everything the row holds takes part, known or not, so that an attribute that was added, changed
 * or removed shows as malformed or as a wrong hash.
 */
export function recordFromItem(item: Readonly<Record<string, unknown>>): Result<AuditRecord, Malformed> {
  const { pk, sk, ...rest } = item;
  const stream = /^S#(.+)$/s.exec(textOf(pk) ?? '')?.[1];
  const seq = /^[0-9]{9}$/.test(textOf(sk) ?? '') ? Number(textOf(sk)) : undefined;
  const json = Object.fromEntries(Object.entries(rest).map(([name, attribute]) => [name, jsonOf(name, attribute)]));
  const parsed = auditRecord.safeParse({ ...json, s: stream, n: seq });
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return refuse({
    reason: 'malformed',
    seq,
    detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no record'}`,
  });
}

function textOf(attribute: unknown): string | undefined {
  const { S } = (attribute ?? {}) as { S?: unknown };
  return typeof S === 'string' ? S : undefined;
}

/** `undefined` for a type the attribute must not have, which no schema accepts in its place. */
function jsonOf(name: string, attribute: unknown): string | number | undefined {
  const { S, N, B } = (attribute ?? {}) as { S?: unknown; N?: unknown; B?: unknown };
  if (binary.has(name)) return B instanceof Uint8Array ? Buffer.from(B).toString('base64url') : undefined;
  if (typeof N === 'string') return Number(N);
  return typeof S === 'string' ? S : undefined;
}

/** Bytes of a row as DynamoDB counts them: names and values in UTF-8, two digits of a number a byte and one more. */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, attribute]) => sum + Buffer.byteLength(name) + valueSize(attribute),
    0,
  );
}

function valueSize(attribute: Attribute): number {
  if ('S' in attribute) return Buffer.byteLength(attribute.S);
  if ('B' in attribute) return attribute.B.length;
  return Math.ceil(attribute.N.length / 2) + 1;
}

import type { ClientBase } from 'pg';
import { unsupportedType } from './failures.ts';

/** How a value leaves: which member of `Field`, or of `ArrayValue` for the elements of an array. */
export type Kind = 'boolean' | 'long' | 'double' | 'decimal' | 'string' | 'timestamptz' | 'blob';

export type ResultType = { readonly name: string; readonly kind: Kind; readonly array: boolean };

const oids = (kind: Kind, names: Readonly<Record<number, string>>) =>
  Object.entries(names).map(([oid, name]) => [Number(oid), { name, kind, array: false }] as const);

/**
 * The types a result may hold (Aurora User Guide, "Data API operations reference", PostgreSQL scalar and array types).
 * `timestamptz` is missing from that list and present in its note on time zones. Enums and pgvector have no fixed oid
 * and are looked up. Everything else (interval, money, timetz, oid, xml, "char" …) is UnsupportedResultException there.
 */
const KNOWN: ReadonlyMap<number, ResultType> = new Map<number, ResultType>([
  ...oids('boolean', { 16: 'bool' }),
  ...oids('long', { 20: 'int8', 21: 'int2', 23: 'int4' }),
  ...oids('double', { 700: 'float4', 701: 'float8' }),
  ...oids('decimal', { 1700: 'numeric' }),
  ...oids('blob', { 17: 'bytea' }),
  ...oids('timestamptz', { 1184: 'timestamptz' }),
  ...oids('string', { 19: 'name', 25: 'text', 1042: 'bpchar', 1043: 'varchar', 114: 'json', 3802: 'jsonb' }),
  ...oids('string', { 1082: 'date', 1083: 'time', 1114: 'timestamp', 2950: 'uuid', 650: 'cidr', 869: 'inet' }),
  ...[
    ...oids('boolean', { 1000: '_bool' }),
    ...oids('long', { 1005: '_int2', 1007: '_int4', 1016: '_int8' }),
    ...oids('double', { 1021: '_float4', 1022: '_float8' }),
    ...oids('string', { 1231: '_numeric', 1003: '_name', 1009: '_text', 1014: '_bpchar', 1015: '_varchar' }),
    ...oids('string', { 199: '_json', 1182: '_date', 1183: '_time', 1115: '_timestamp', 2951: '_uuid' }),
  ].map(([oid, type]) => [oid, { ...type, array: true }] as const),
]);

/**
 * The type of each column.
 *
 * @throws AwsError UnsupportedResultException for a type the service does not return. Cast it to text.
 */
export async function resultTypes(client: ClientBase, columns: readonly number[]): Promise<readonly ResultType[]> {
  const unknown = [...new Set(columns.filter((oid) => !KNOWN.has(oid)))];
  const looked = unknown.length === 0 ? new Map<number, ResultType>() : await lookUp(client, unknown);
  return columns.map((oid) => (KNOWN.get(oid) ?? looked.get(oid)) as ResultType);
}

async function lookUp(client: ClientBase, unknown: readonly number[]): Promise<ReadonlyMap<number, ResultType>> {
  const { rows } = await client.query<{ oid: string; name: string; sort: string }>(
    'SELECT oid::text AS oid, typname AS name, typtype AS sort FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])',
    [unknown],
  );
  for (const { name, sort } of rows) if (sort !== 'e' && name !== 'vector') throw unsupportedType(name);
  return new Map(rows.map(({ oid, name }) => [Number(oid), { name, kind: 'string' as const, array: false }]));
}

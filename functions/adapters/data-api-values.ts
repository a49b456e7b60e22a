import type {
  ArrayValue,
  ColumnMetadata,
  ExecuteStatementCommandOutput,
  Field,
  SqlParameter,
} from '@aws-sdk/client-rds-data';
import type { Row, SqlValue } from '../core/ports.ts';

/** The numbers of java.sql.Types that the Data API gives a column: SMALLINT, INTEGER, BIGINT. */
const INTEGERS: readonly (number | undefined)[] = [5, 4, -5];

/** Values as the parameters `:p1`, `:p2` … of a statement. */
export function encodeValues(values: readonly SqlValue[]): SqlParameter[] {
  return values.map((value, index) => ({ name: `p${index + 1}`, ...encode(value) }));
}

function encode(value: SqlValue): Pick<SqlParameter, 'value' | 'typeHint'> {
  if (value === null) return { value: { isNull: true } };
  if (typeof value === 'string') return { value: { stringValue: value } };
  if (typeof value === 'boolean') return { value: { booleanValue: value } };
  if (value instanceof Uint8Array) return { value: { blobValue: value } };
  if (typeof value === 'bigint' || typeof value === 'number') return encodeNumber(value);
  return { value: { stringValue: arrayLiteral(value) } };
}

/** A long travels as a JSON number, so what a double does not hold exactly goes as a decimal, digit by digit. */
function encodeNumber(value: number | bigint): Pick<SqlParameter, 'value' | 'typeHint'> {
  if (Number.isSafeInteger(Number(value))) return { value: { longValue: Number(value) } };
  if (typeof value === 'number') return { value: { doubleValue: value } };
  return { value: { stringValue: String(value) }, typeHint: 'DECIMAL' };
}

/** The Data API takes no array, so one goes as PostgreSQL's literal, which the statement casts: `= ANY(${ids}::uuid[])`. */
function arrayLiteral(values: readonly SqlValue[]): string {
  const elements = values.map((value) => {
    if (value === null) return 'NULL';
    if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`;
    if (typeof value === 'object') return arrayLiteral(value);
    return `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join(',')}}`;
}

export type Decoded = { readonly rows: Row[]; readonly bytes: number };

/**
 * The rows of an answer that was asked for with its metadata. An integer is a `number`, or a `bigint` beyond 2^53;
 * `numeric` stays a string; bytes are a `Uint8Array`; `timestamptz` is ISO 8601 with `Z` and `timestamp` without a zone;
 * `json` and `jsonb` stay text, because whoever wants the object knows its schema.
 *
 * @throws Error when two columns share a name: one would hide the other. Give them an alias. And for an integer in an array
 *   that lost digits on its way.
 */
export function decodeRows(answer: Pick<ExecuteStatementCommandOutput, 'records' | 'columnMetadata'>): Decoded {
  const columns = answer.columnMetadata ?? [];
  const names = columns.map((column) => column.label ?? column.name ?? '');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two columns are named "${twice}": give one of them another alias`);
  const rows = (answer.records ?? []).map((record) =>
    Object.fromEntries(record.map((field, index) => [names[index] ?? '', decode(field, columns[index])])),
  );
  return { rows, bytes: rows.reduce((sum, row) => sum + bytesOf(row), 0) };
}

/** The bytes of a row's text and binary values, and eight for every other value. Names do not count. */
export function bytesOf(row: Row): number {
  return Object.values(row).reduce<number>((sum, value) => sum + sizeOf(value), 0);
}

function decode(field: Field, column: ColumnMetadata | undefined): SqlValue {
  if (field.stringValue !== undefined) return decodeText(field.stringValue, column);
  if (field.longValue !== undefined) return decodeInteger(String(field.longValue));
  if (field.booleanValue !== undefined) return field.booleanValue;
  if (field.doubleValue !== undefined) return field.doubleValue;
  if (field.blobValue !== undefined) return field.blobValue;
  return field.arrayValue === undefined ? null : decodeArray(field.arrayValue);
}

function decodeText(text: string, column: ColumnMetadata | undefined): SqlValue {
  if (INTEGERS.includes(column?.type)) return decodeInteger(text);
  const zone = column?.typeName === 'timestamptz' ? 'Z' : '';
  if (column?.typeName !== 'timestamp' && zone === '') return text;
  // `infinity` and years before Christ have no ISO 8601 form and stay as they are.
  return text.replace(/^(\d{4,6}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)$/, `$1T$2${zone}`);
}

function decodeInteger(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function decodeArray(array: ArrayValue): SqlValue[] {
  if (array.arrayValues !== undefined)
    return array.arrayValues.map((inner) => (inner === null ? null : decodeArray(inner)));
  // No option of the service gives these as text, as it does for a value that stands alone.
  if (array.longValues !== undefined) return array.longValues.map((value) => (value === null ? null : exactly(value)));
  return [...(array.stringValues ?? array.doubleValues ?? array.booleanValues ?? [])];
}

/** The SDK gives a bigint where it saw the digits, whatever its types say; a number beyond 2^53 has lost some. */
function exactly(value: number | bigint): SqlValue {
  if (typeof value === 'bigint') return decodeInteger(String(value));
  if (Number.isSafeInteger(value)) return value;
  throw new Error('an array holds an integer beyond 2^53, which does not arrive exactly: cast the array to text[]');
}

function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Uint8Array) return value.byteLength;
  if (value !== null && typeof value === 'object') return value.reduce<number>((sum, inner) => sum + sizeOf(inner), 0);
  return 8;
}

import type { Json, JsonObject } from '../template/json.ts';
import { multidimensional } from './failures.ts';
import type { ExecuteRequest } from './request.ts';
import type { Kind, ResultType } from './result-types.ts';

/** A value as PostgreSQL's text format gives it. */
export type Cell = string | null;

/** One cell as the `Field` union of the service model. */
export function toField(cell: Cell, type: ResultType, options: ExecuteRequest['resultSetOptions']): JsonObject {
  if (cell === null) return { isNull: true };
  if (type.array) return { arrayValue: toArrayValue(cell, type.kind) };
  switch (type.kind) {
    case 'boolean':
      return { booleanValue: cell === 't' };
    case 'long':
      // Beyond 2^53 a JavaScript client rounds what it reads; STRING exists for that.
      return options.longReturnType === 'STRING' ? { stringValue: cell } : { longValue: Number(cell) };
    case 'double':
      return { doubleValue: asDouble(cell) };
    case 'decimal':
      return decimal(cell, options.decimalReturnType);
    case 'blob':
      return { blobValue: toBytes(cell).toString('base64') };
    case 'timestamptz':
      return { stringValue: toUtc(cell) };
    case 'string':
      return { stringValue: cell };
  }
}

/** One cell for `formatRecordsAs: JSON`: plain values, bytes in base64, everything without a JSON form as a string. */
export function toJson(cell: Cell, type: ResultType): Json {
  if (cell === null) return null;
  if (type.array) return Object.values(toArrayValue(cell, type.kind))[0] as Json;
  switch (type.kind) {
    case 'boolean':
      return cell === 't';
    case 'long':
    case 'decimal':
      return Number.isFinite(Number(cell)) ? Number(cell) : cell;
    case 'double':
      return asDouble(cell);
    case 'blob':
      return toBytes(cell).toString('base64');
    case 'timestamptz':
      return toUtc(cell);
    case 'string':
      return cell;
  }
}

const toBytes = (cell: string) => Buffer.from(cell.slice(2), 'hex');

/** restJson1 writes the doubles that JSON has no number for as these three strings. */
const asDouble = (cell: string): Json => (Number.isFinite(Number(cell)) ? Number(cell) : cell);

function decimal(cell: string, returned: 'STRING' | 'DOUBLE_OR_LONG'): JsonObject {
  if (returned === 'STRING') return { stringValue: cell };
  return /^-?\d+$/.test(cell) ? { longValue: Number(cell) } : { doubleValue: asDouble(cell) };
}

/** `2026-01-31 12:00:00.5+02` → `2026-01-31 10:00:00.5`. The session's zone may have been set by the statement's author. */
function toUtc(cell: string): string {
  const parts = /^(\d{4,6}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(\.\d+)?([+-])(\d{2})(?::(\d{2}))?(?::(\d{2}))?$/.exec(cell);
  // infinity, or a year before Christ: PostgreSQL's own text.
  if (!parts) return cell;
  const [, date = '', time = '', fraction = '', sign, hours, minutes = 0, seconds = 0] = parts;
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * (sign === '+' ? 1 : -1);
  if (offset === 0) return `${date} ${time}${fraction}`;
  const moment = new Date(
    Date.parse(`${date.length > 10 ? `+${date.padStart(12, '0')}` : date}T${time}Z`) - offset * 1000,
  );
  const iso = moment.toISOString().replace(/^\+0*/, '').replace('T', ' ').slice(0, -5);
  return `${iso}${fraction}`;
}

function toArrayValue(cell: string, kind: Kind): JsonObject {
  const elements = elementsOf(cell);
  const each = (convert: (text: string) => Json) =>
    elements.map((element) => (element === null ? null : convert(element)));
  switch (kind) {
    case 'boolean':
      return { booleanValues: each((text) => text === 't') };
    case 'long':
      return { longValues: each(Number) };
    case 'double':
      return { doubleValues: each(asDouble) };
    default:
      return { stringValues: each((text) => text) };
  }
}

/** The elements of `{a,"b, c",NULL}`. PostgreSQL quotes every element that holds a brace, a comma, a quote or a backslash. */
function elementsOf(literal: string): readonly Cell[] {
  const inside = literal.slice(literal.indexOf('{') + 1, -1);
  if (inside.startsWith('{')) throw multidimensional();
  return Array.from(inside.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|([^,"]+)/g), ([, quoted, plain]) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\([\s\S])/g, '$1');
    return plain === undefined || plain === 'NULL' ? null : plain;
  });
}

/**
 * A tool's result as a table: every object is column names beside rows, so that no name and no value of the data ever
 * becomes a key of the answer. Bounded before anything else looks at it.
 */
export type Cell = string | number | boolean | null | readonly Cell[] | Table;
export type Table = { readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] };

/** What the tool returned: one object, a list of rows, or one bare value. */
export type Kind = 'object' | 'rows' | 'value';

export type Tabulated = Table & { readonly kind: Kind; readonly truncated: boolean };

/** Most objects and lists inside each other; what lies deeper becomes `null` and the result is marked truncated. */
const depthLimit = 8;
const columnLimit = 128;
const itemLimit = 1_000;
const cellLimit = 20_000;

/**
 * Tabulates a result; strings longer than `leafLimit` code points are cut. `bigint` becomes a decimal string, `Date` its
 * ISO form, bytes base64, a number JSON lacks its name, `undefined` null.
 * @throws {TypeError} on a function or a symbol: a tool returned something that is no value.
 */
export function tabulate(value: unknown, leafLimit: number): Tabulated {
  const budget = { cells: cellLimit, leafLimit, truncated: false };
  const kind = Array.isArray(value) ? 'rows' : isRecord(value) ? 'object' : 'value';
  const list = Array.isArray(value) ? value : [value];
  const table = list.every(isRecord)
    ? tableOf(list, 1, budget)
    : { columns: ['value'], rows: bounded(list, itemLimit, budget).map((item) => [cellOf(item, 1, budget)]) };
  return { kind, ...table, truncated: budget.truncated };
}

type Budget = { cells: number; readonly leafLimit: number; truncated: boolean };

function tableOf(records: readonly Readonly<Record<string, unknown>>[], depth: number, budget: Budget): Table {
  const kept = bounded(records, itemLimit, budget);
  const names = bounded([...new Set(kept.flatMap((record) => Object.keys(record)))], columnLimit, budget);
  return {
    columns: names.map((name) => cut(name, Math.min(64, budget.leafLimit), budget)),
    rows: kept.map((record) =>
      names.map((name) => (Object.hasOwn(record, name) ? cellOf(record[name], depth, budget) : null)),
    ),
  };
}

function cellOf(value: unknown, depth: number, budget: Budget): Cell {
  budget.cells -= 1;
  if (typeof value === 'object' && value !== null && !isScalarObject(value)) {
    if (depth >= depthLimit || budget.cells < 0) return dropped(budget);
    if (!Array.isArray(value)) return tableOf([value as Record<string, unknown>], depth + 1, budget);
    if (value.length > 0 && value.every(isRecord)) return tableOf(value, depth + 1, budget);
    return bounded(value, itemLimit, budget).map((item) => cellOf(item, depth + 1, budget));
  }
  if (budget.cells < 0) return dropped(budget);
  return leafOf(value, budget);
}

function leafOf(value: unknown, budget: Budget): Cell {
  switch (typeof value) {
    case 'string':
      return cut(value, budget.leafLimit, budget);
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value + 0 : String(value);
    case 'undefined':
      return null;
    case 'object':
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (value instanceof Uint8Array) return cut(Buffer.from(value).toString('base64'), budget.leafLimit, budget);
      return null;
    default:
      throw new TypeError(`a tool returned a ${typeof value}, which is no value`);
  }
}

function isScalarObject(value: object): boolean {
  return value instanceof Date || value instanceof Uint8Array;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isScalarObject(value);
}

function dropped(budget: Budget): null {
  budget.truncated = true;
  return null;
}

function bounded<T>(items: readonly T[], limit: number, budget: Budget): readonly T[] {
  if (items.length <= limit) return items;
  budget.truncated = true;
  return items.slice(0, limit);
}

/** Cuts after so many code points, never inside one. */
function cut(text: string, codePoints: number, budget: Budget): string {
  if (text.length <= codePoints) return text;
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  if (at < text.length) budget.truncated = true;
  return text.slice(0, at);
}

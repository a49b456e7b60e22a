import type { SqlValue, Statement } from '../ports.ts';
import { codeOf } from './code.ts';

const built = new WeakSet<object>();

/**
 * A parameterised statement: sql`SELECT id FROM app.orders WHERE id = ${id}::uuid`. Each value becomes `:p1`, `:p2` …
 * and travels beside the text, so it cannot change what the statement means; a statement made by this tag may stand
 * inside another. A string parameter is a `varchar` to PostgreSQL: cast it where the column is something else
 * (`${id}::uuid`, `${ids}::uuid[]`, `${day}::date`).
 *
 * @throws Error when a value stands inside quotes or a comment (where it would be text, not a value), when the text
 *   itself names a parameter, or when a value is none. These are faults of the author, found by the first call.
 */
export function sql(template: TemplateStringsArray, ...values: readonly (SqlValue | Statement)[]): Statement {
  const parts: string[] = [template[0] ?? ''];
  const bound: SqlValue[] = [];
  values.forEach((value, index) => {
    const { text, values: inner } = isStatement(value) ? value : single(value);
    parts.push(renumber(text, bound.length), template[index + 1] ?? '');
    bound.push(...inner);
  });
  const text = parts.join('');
  check(text, bound.length);
  const statement = Object.freeze({ text, values: Object.freeze(bound) });
  built.add(statement);
  return statement;
}

function isStatement(value: SqlValue | Statement): value is Statement {
  return typeof value === 'object' && value !== null && built.has(value);
}

function single(value: SqlValue | Statement): Statement {
  if (!isValue(value)) {
    const kind = value === undefined ? 'undefined' : Object.prototype.toString.call(value).slice(8, -1);
    throw new Error(
      `sql: ${kind} is no value. Pass a string, number, boolean, bigint, null, bytes, or an array of them`,
    );
  }
  return { text: ':p1', values: [value] };
}

function isValue(value: unknown): value is SqlValue {
  if (Array.isArray(value)) return value.every(isValue);
  return value === null || value instanceof Uint8Array || /^(?:string|number|boolean|bigint)$/.test(typeof value);
}

function renumber(text: string, offset: number): string {
  if (offset === 0) return text;
  const code = codeOf(text);
  return text.replaceAll(/:p(\d+)/g, (whole, digits: string, at: number) =>
    code[at] === ':' ? `:p${Number(digits) + offset}` : whole,
  );
}

/** The names the Data API would find must be ours, and all of ours must be where it finds them. */
function check(text: string, count: number): void {
  const found = [...codeOf(text).matchAll(/(?<!:):([A-Za-z_]\w*)/g)].map((match) => match[1]);
  const stray = found.find((name, index) => name !== `p${index + 1}`);
  if (stray !== undefined) throw new Error(`sql: the text names a parameter :${stray}. Put the value in \${} instead`);
  if (found.length !== count) throw new Error('sql: a value stands inside quotes or a comment. Take the quotes away');
}

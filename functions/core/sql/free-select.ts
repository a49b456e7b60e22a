import type { Statement } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { codeOf } from './code.ts';
import { inWords, type ParseFault, type ParseSql } from './grammar.ts';
import { judgeSelect, type NotAllowed } from './judge-select.ts';
import { sql } from './statement.ts';

export type FreeSelectRefusal =
  | NotAllowed
  | ParseFault
  | { readonly reason: 'too-long'; readonly bytes: number }
  | { readonly reason: 'no-text'; readonly character: string }
  | { readonly reason: 'several-statements'; readonly count: number }
  | { readonly reason: 'no-select'; readonly name: string };

/** Bytes of UTF-8. Deeper nesting than fits in here would exhaust the parser's stack. */
export const LONGEST_STATEMENT = 10_000;

/**
 * Text that somebody else wrote, as a statement that can only read: one SELECT made of what is listed, cut to `limit`
 * rows by a SELECT of ours around it.
 *
 * The text itself is sent, not a text made of its tree: what PostgreSQL parses must be what was judged, and a second
 * writer of SQL in between would be one more thing that can be wrong. So the wrapped text is parsed again, and its
 * sub-select has to be the tree that was judged. A comment or a bracket that reached into the wrapper would be seen there.
 *
 * @param limit most rows that the statement gives
 */
export async function freeSelect(
  parse: ParseSql,
  text: string,
  limit: number,
): Promise<Result<Statement, FreeSelectRefusal>> {
  const readable = whetherReadable(text);
  if (!readable.ok) return readable;
  const parsed = await parse(text);
  if (!parsed.ok) return parsed;
  const single = oneSelectOf(parsed.value, text);
  if (!single.ok) return single;
  const allowed = judgeSelect(single.value.select);
  if (!allowed.ok) return allowed;
  // On lines of its own: a comment at its end ends there.
  const wrapped = `SELECT * FROM (\n${single.value.text}\n) AS q LIMIT ${limit}`;
  const again = await parse(wrapped);
  if (!again.ok) return again;
  const around = oneSelectOf(again.value, wrapped);
  if (!around.ok) return around;
  if (!sameTree(around.value.select, wrapperOf(single.value.select, limit))) {
    return refuse({ reason: 'construct', name: 'text that does not stay inside its brackets' });
  }
  return ok(sql(asTemplate(wrapped)));
}

/** Before the parser sees it: what it would read differently from the server, or not survive. */
function whetherReadable(text: string): Result<true, FreeSelectRefusal> {
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_STATEMENT) return refuse({ reason: 'too-long', bytes });
  // The parser takes a NUL for the end of the text, and a lone surrogate has no form in UTF-8.
  if (text.includes('\0')) return refuse({ reason: 'no-text', character: 'U+0000' });
  if (!text.isWellFormed()) return refuse({ reason: 'no-text', character: 'a lone surrogate' });
  // The Data API takes `:name` for a parameter, which here could only be an array slice or a mistake.
  const [name] = /(?<!:):[A-Za-z_]\w*/.exec(codeOf(text)) ?? [];
  return name === undefined ? ok(true) : refuse({ reason: 'parameter', name });
}

type OneSelect = { readonly select: unknown; readonly text: string };

/** The only statement of a parse result and its own text, without the semicolons around it. */
function oneSelectOf(tree: unknown, text: string): Result<OneSelect, FreeSelectRefusal> {
  const { stmts = [] } = tree as { readonly stmts?: readonly Raw[] };
  const [raw] = stmts;
  if (raw === undefined || stmts.length > 1) return refuse({ reason: 'several-statements', count: stmts.length });
  const [[name, select] = ['', undefined], ...more] = Object.entries(raw.stmt ?? {});
  if (name !== 'SelectStmt' || more.length > 0) return refuse({ reason: 'no-select', name: inWords(name) });
  const { stmt_location: from = 0, stmt_len: length } = raw;
  const bytes = Buffer.from(text).subarray(from, length === undefined ? undefined : from + length);
  return ok({ select, text: bytes.toString() });
}

/** Places count bytes of UTF-8; a statement that ends with the text has no length. */
type Raw = {
  readonly stmt?: Readonly<Record<string, unknown>>;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
};

/** The tree that the wrapper must have, around this one. */
function wrapperOf(select: unknown, limit: number): unknown {
  return {
    targetList: [{ ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }] } } } }],
    fromClause: [{ RangeSubselect: { subquery: { SelectStmt: select }, alias: { aliasname: 'q' } } }],
    limitCount: { A_Const: { ival: { ival: limit } } },
    limitOption: 'LIMIT_OPTION_COUNT',
    op: 'SETOP_NONE',
  };
}

/** Equal but for the places in the text. Without recursion, like everything that walks a caller's tree. */
function sameTree(one: unknown, other: unknown): boolean {
  const pending: [unknown, unknown][] = [[one, other]];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [left, right] = pair;
    if (!isTree(left) || !isTree(right)) {
      if (left !== right) return false;
      continue;
    }
    const [names, others] = [fieldsOf(left), fieldsOf(right)];
    if (Array.isArray(left) !== Array.isArray(right) || names.length !== others.length) return false;
    for (const name of names) {
      if (!Object.hasOwn(right, name)) return false;
      pending.push([left[name], right[name]]);
    }
  }
  return true;
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function fieldsOf(tree: object): readonly string[] {
  return Object.keys(tree).filter((name) => name !== 'location');
}

/** The whole text is the template: there is no value in it. */
function asTemplate(text: string): TemplateStringsArray {
  return Object.assign([text], { raw: [text] });
}

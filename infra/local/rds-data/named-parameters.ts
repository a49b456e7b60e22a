/**
 * What in a statement is not code, tried in this order wherever the scan stands: comments, strings, quoted names, dollar
 * quotes and casts. A colon inside any of them names no parameter. PostgreSQL nests block comments and knows backslash
 * escapes only in `E'…'` (standard_conforming_strings is on).
 */
const SKIPPED = [
  /--[^\n]*/y,
  /\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y,
  /'(?:[^']|'')*(?:'|$)/y,
  /"(?:[^"]|"")*(?:"|$)/y,
  /(?<![\w$\u0080-\uffff])\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\1\$|$)/y,
  /::/y,
  /:=/y,
] as const;

const NAME = /:([A-Za-z_]\w*)/y;

/**
 * The statement with each `:name` replaced by what `place` gives for it (`$1`, with its cast). Names stay untouched in
 * literals, quoted names, dollar quotes and comments, and `::` is a cast.
 */
export function replaceNames(sql: string, place: (name: string) => string): string {
  let out = '';
  let at = 0;
  while (at < sql.length) {
    const skipped = lengthOfSkipped(sql, at);
    if (skipped > 0) {
      out += sql.slice(at, at + skipped);
      at += skipped;
      continue;
    }
    const name = match(NAME, sql, at);
    out += name ? place(name[1] as string) : sql[at];
    at += name ? name[0].length : 1;
  }
  return out;
}

function lengthOfSkipped(sql: string, at: number): number {
  if (sql.startsWith('/*', at)) return lengthOfComment(sql, at);
  for (const pattern of SKIPPED) {
    const found = match(pattern, sql, at);
    if (found) return found[0].length;
  }
  return 0;
}

function lengthOfComment(sql: string, at: number): number {
  let depth = 0;
  for (let i = at; i < sql.length; ) {
    const two = sql.slice(i, i + 2);
    if (two === '/*') depth++;
    if (two === '*/') depth--;
    i += two === '/*' || two === '*/' ? 2 : 1;
    if (depth === 0) return i - at;
  }
  return sql.length - at;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Literals, quoted names and comments, tried in this order wherever the scan stands. */
const NOT_CODE = [
  /--[^\n]*/y,
  /(?<![\w$\u0080-\uffff])[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y,
  /'(?:[^']|'')*(?:'|$)/y,
  /"(?:[^"]|"")*(?:"|$)/y,
  /(?<![\w$\u0080-\uffff])\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\1\$|$)/y,
] as const;

/**
 * The statement with everything that is not code replaced by spaces, so that a word, a semicolon or a colon found in
 * the answer is one that PostgreSQL reads as such (PostgreSQL manual, 4.1 Lexical Structure). Same length as `text`.
 */
export function codeOf(text: string): string {
  let code = '';
  while (code.length < text.length) {
    const length = lengthOfNonCode(text, code.length);
    code += length > 0 ? ' '.repeat(length) : text[code.length];
  }
  return code;
}

function lengthOfNonCode(text: string, at: number): number {
  if (text.startsWith('/*', at)) return lengthOfComment(text, at);
  for (const pattern of NOT_CODE) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return found[0].length;
  }
  return 0;
}

/** Block comments nest in PostgreSQL, unlike in most languages. */
function lengthOfComment(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const two = text.slice(i, i + 2);
    if (two === '/*') depth++;
    if (two === '*/') depth--;
    i += two === '/*' || two === '*/' ? 2 : 1;
    if (depth === 0) return i - at;
  }
  return text.length - at;
}

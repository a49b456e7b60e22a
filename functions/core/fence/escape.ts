import { unseen } from './invisible.ts';
import { angleLookAlikes, escapeLookAlikes } from './look-alikes.ts';
import { beginsSpelling } from './spellings.ts';

/**
 * `esc1`: a lossless encoding under which no text can form a marker, and nothing in it stays invisible. Printable text
 * is unchanged; everything else becomes `\u{HEX}`, and `\` becomes `\\`. The README beside this file is the definition
 * for whoever decodes it.
 */

/** `defanged` (the default) also breaks `![`, `](` and `://`, because exfiltration by a link needs one that renders. */
export type EscapeOptions = { readonly links?: Links | undefined };

export type Links = 'defanged' | 'kept';

/** Combining marks kept on one base character. Real scripts need up to four; a pile of them hides the text below it. */
const keptMarks = 4;

const mark = /\p{M}/u;
const lookAlikes = new Set([0x3c, 0x3e, ...angleLookAlikes, ...escapeLookAlikes]);

const Fate = { unknown: 0, keep: 1, escape: 2, mark: 3 } as const;

/** What was decided about a code point; filled on first use, since asking the Unicode tables takes 100 ns each time. */
const fates = new Uint8Array(0x110000);

function fateOf(codePoint: number): number {
  const known = fates[codePoint];
  if (known !== undefined && known !== Fate.unknown) return known;
  const fate = decide(codePoint);
  fates[codePoint] = fate;
  return fate;
}

/** Below U+10000 whole escapes, above it their last three digits: no text can fill the memory with more of them. */
const escapes: string[] = [];
const endings: string[] = [];

function visible(codePoint: number): string {
  if (codePoint <= 0xffff) {
    escapes[codePoint] ??= `\\u{${codePoint.toString(16).toUpperCase()}}`;
    return escapes[codePoint];
  }
  const last = codePoint & 0xfff;
  endings[last] ??= `${last.toString(16).toUpperCase().padStart(3, '0')}}`;
  return `\\u{${(codePoint >> 12).toString(16).toUpperCase()}${endings[last]}`;
}

function decide(codePoint: number): number {
  if (codePoint === 0x0a || codePoint === 0x09) return Fate.keep;
  if (lookAlikes.has(codePoint)) return Fate.escape;
  const character = String.fromCodePoint(codePoint);
  if (unseen.test(character)) return Fate.escape;
  return mark.test(character) ? Fate.mark : Fate.keep;
}

/** What may need an escape. Before the first of these a text is plain ASCII, and most texts have none. */
const suspicious = /[^\t\n -~]|[<>\\&%]|!\[|\]\(|:\/\//;

/** Encodes. LF and TAB stay as they are. Linear in the length of the text, and never fails. */
export function escapeData(text: string, { links = 'defanged' }: EscapeOptions = {}): string {
  let escaped = '';
  let from = 0;
  let marks = 0;
  for (let at = text.search(suspicious); at >= 0 && at < text.length; ) {
    const codePoint = text.codePointAt(at) ?? 0;
    const next = at + (codePoint > 0xffff ? 2 : 1);
    const fate = fateOf(codePoint);
    marks = fate === Fate.mark ? marks + 1 : 0;
    if (codePoint === 0x5c) {
      escaped += `${text.slice(from, at)}\\\\`;
      from = next;
    } else if (fate === Fate.escape || marks > keptMarks || dependsOnNext(text, at, codePoint, links)) {
      escaped += text.slice(from, at) + visible(codePoint);
      from = next;
    }
    at = next;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

/** `esc1` on one line: the two characters it leaves as they are outside a line are written as escapes too. */
export function escapeLine(text: string, options: EscapeOptions = {}): string {
  return escapeData(text, options).replaceAll('\n', '\\u{A}').replaceAll('\t', '\\u{9}');
}

/** The characters that are harmless or not by what follows them. */
function dependsOnNext(text: string, at: number, codePoint: number, links: Links): boolean {
  if (codePoint === 0x26 || codePoint === 0x25) return beginsSpelling(text, at);
  if (links === 'kept') return false;
  if (codePoint === 0x21) return text.charAt(at + 1) === '[';
  if (codePoint === 0x28) return text.charAt(at - 1) === ']';
  return codePoint === 0x3a && text.startsWith('//', at + 1);
}

const token = /\\(?:(\\)|u\{([0-9A-F]{1,6})\}|)/g;

/**
 * Decodes what `escapeData` made, whatever its options were.
 * @throws {SyntaxError} on a `\` that begins neither `\\` nor `\u{HEX}` of a code point: this text is not `esc1`.
 */
export function unescapeData(escaped: string): string {
  return escaped.replace(token, (found, backslash: string | undefined, hex: string | undefined) => {
    if (backslash !== undefined) return '\\';
    const codePoint = hex === undefined ? Number.NaN : Number.parseInt(hex, 16);
    if (!(codePoint <= 0x10ffff)) throw new SyntaxError(`not esc1: "${found}" is no escape`);
    return String.fromCodePoint(codePoint);
  });
}

/** Length of the escape or the character that begins at `at` in escaped text, so that cuts fall between them. */
export function tokenLength(escaped: string, at: number): number {
  if (escaped.charCodeAt(at) !== 0x5c) return (escaped.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return escaped.charAt(at + 1) === '\\' ? 2 : escaped.indexOf('}', at) + 1 - at;
}

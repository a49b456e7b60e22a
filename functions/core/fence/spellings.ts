import { angleLookAlikes } from './look-alikes.ts';

/**
 * Other ways to write `<`, `>` or one of their look-alikes in plain characters: HTML character references and percent
 * encoding. A reader that decodes once more than it should must still find no marker.
 */

/**
 * Every name of the HTML Standard's table (section 13.5, "Named character references") that stands for an angle
 * bracket or a look-alike. `lt` and `gt` are also recognised without their semicolon, in any text.
 */
const references = [
  'lt gt lt; gt; ll; gg; ggg; gla; gtdot; gtrdot; lessdot; ltdot; lsaquo; rsaquo; ngg; ngt; ngtv; ngtr; nll; nlt; nltv; nless;',
  'nvlt; nvgt; nestedlessless; nestedgreatergreater; notless; notgreater; notlessless; notgreatergreater;',
]
  .join(' ')
  .split(' ')
  .map((name) => `&${name}`);

const angles = [0x3c, 0x3e, ...angleLookAlikes];

/** UTF-8, percent-encoded (RFC 3986 section 2.1), and the `%uXXXX` of ECMAScript's `unescape` (ECMA-262 annex B.2.1). */
const percentEncodings = angles.flatMap((codePoint) => {
  const character = String.fromCodePoint(codePoint);
  const utf8 = [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const utf16 = Array.from({ length: character.length }, (_, at) => {
    return `%u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
  return [utf8, utf16];
});

/** Lower-case, because HTML's names differ in case only where their meaning is the same kind of bracket. */
const whole = new Set([...references, ...percentEncodings]);
const beginnings = new Set(
  [...whole].flatMap((spelling) => Array.from(spelling, (_, at) => spelling.slice(0, at + 1))),
);

const nameUnit = /[A-Za-z0-9]/;

/**
 * Whether the `&` or `%` at `at` begins a character reference or a percent-encoded bracket, or may begin one when more
 * text is joined on: the text ends first, or goes on outside ASCII, where NFKC and look-alikes could complete it.
 * Reads a bounded number of characters beyond the reference itself, so a whole text costs linear time.
 */
export function beginsSpelling(text: string, at: number): boolean {
  if (text.charCodeAt(at) === 0x26 && beginsReference(text, at)) return true;
  let read = text.charAt(at);
  while (beginnings.has(read)) {
    const next = at + read.length;
    if (whole.has(read) || next >= text.length || text.charCodeAt(next) > 0x7e) return true;
    read += text.charAt(next).toLowerCase();
  }
  return false;
}

/** `&#…` and `&name;` of any name: references to invisible characters must not slip through either. */
function beginsReference(text: string, at: number): boolean {
  if (text.charCodeAt(at + 1) === 0x23) return true;
  let next = at + 1;
  while (nameUnit.test(text.charAt(next))) next++;
  return next > at + 1 && text.charAt(next) === ';';
}

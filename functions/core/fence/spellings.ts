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

/** UTF-8, percent-encoded (RFC 3986 section 2.1), and `%u` with four digits (`unescape`, ECMA-262 annex B.2.1). */
const percentEncodings = angles.flatMap((codePoint) => {
  const character = String.fromCodePoint(codePoint);
  const utf8 = [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const utf16 = Array.from({ length: character.length }, (_, at) => {
    return `%u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
  return [utf8, utf16];
});

/** One step for each character of ASCII: where it leads from each node, 0 for nowhere. A spelling ends in `ENDS`. */
const STEPS = 128;
const ENDS = 0xffff;
const steps = trieOf([...references, ...percentEncodings]);

/** Lower-case, because HTML's names differ in case only where their meaning is the same kind of bracket. */
function trieOf(spellings: readonly string[]): Uint16Array {
  const nodes: number[][] = [[]];
  for (const spelling of spellings) {
    let node = 0;
    for (let at = 0; at < spelling.length && node !== ENDS; at++) {
      const from = nodes[node] ?? [];
      const code = spelling.charCodeAt(at);
      const known = at === spelling.length - 1 ? ENDS : (from[code] ?? nodes.push([]) - 1);
      from[code] = known;
      node = known;
    }
  }
  const flat = new Uint16Array(nodes.length * STEPS);
  for (const [node, from] of nodes.entries()) {
    from.forEach((next, code) => {
      flat[node * STEPS + code] = next;
    });
  }
  return flat;
}

/**
 * Whether the `&` or `%` at `at` begins a character reference or a percent-encoded bracket, or may begin one when more
 * text is joined on: the text ends first, or goes on outside ASCII, where NFKC and look-alikes could complete it.
 * Reads a bounded number of characters beyond the reference itself, so a whole text costs linear time.
 */
export function beginsSpelling(text: string, at: number): boolean {
  if (text.charCodeAt(at) === 0x26 && beginsReference(text, at)) return true;
  let node = 0;
  for (let next = at; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code > 0x7e) return true;
    node = steps[node * STEPS + (code >= 0x41 && code <= 0x5a ? code + 0x20 : code)] ?? 0;
    if (node === 0) return false;
    if (node === ENDS) return true;
  }
  return true;
}

/** `&#…` and `&name;` of any name: references to invisible characters must not slip through either. */
function beginsReference(text: string, at: number): boolean {
  if (text.charCodeAt(at + 1) === 0x23) return true;
  let next = at + 1;
  while (isNameUnit(text.charCodeAt(next))) next++;
  return next > at + 1 && text.charCodeAt(next) === 0x3b;
}

/** `0` to `9`, `A` to `Z`, `a` to `z`. */
function isNameUnit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { angleLookAlikes } from '../../../functions/core/fence/look-alikes.ts';
import { corporaDirectory } from './corpus.ts';

/**
 * Ways in which a reader may transform a text before it looks for markers. Written apart from the fence's own code, so
 * that the properties compare two opinions.
 */
export type Reading = readonly [name: string, read: (text: string) => string];

const skeletons = new Map<string, string>(
  angleLookAlikes.map((codePoint) => [String.fromCodePoint(codePoint), '<'] as const),
);
if (corporaDirectory !== undefined) {
  const { map } = JSON.parse(readFileSync(join(corporaDirectory, 'confusables-fence-alphabet.json'), 'utf8')) as {
    map: Record<string, string[]>;
  };
  for (const [target, sources] of Object.entries(map)) for (const source of sources) skeletons.set(source, target);
}

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;
const names: Readonly<Record<string, string>> = {
  ...{ lt: '<', gt: '>', LT: '<', GT: '>', Lt: '\u226a', Gt: '\u226b', ll: '\u226a', gg: '\u226b', Ll: '\u22d8' },
  ...{
    Gg: '\u22d9',
    lsaquo: '\u2039',
    rsaquo: '\u203a',
    nlt: '\u226e',
    ngt: '\u226f',
    nvlt: '<\u20d2',
    nvgt: '>\u20d2',
  },
  ...{ ltdot: '\u22d6', gtdot: '\u22d7', amp: '&', shy: '\u00ad', NoBreak: '\u2060', bsol: '\\', NotLess: '\u226e' },
};

const fromCode = (digits: string, radix: number): string => {
  const code = Number.parseInt(digits, radix);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
};

/** HTML: numeric references with or without `;`, named ones, and `lt` and `gt` without it. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|([A-Za-z]+);|(lt|gt|LT|GT))/g,
    (found, hex, decimal, name, bare) => {
      if (hex !== undefined) return fromCode(hex, 16);
      if (decimal !== undefined) return fromCode(decimal, 10);
      return names[name ?? bare] ?? found;
    },
  );
}

/** Percent decoding as UTF-8, and `%u` with four digits. */
function decodePercent(text: string): string {
  return text
    .replace(/(?:%u[0-9a-fA-F]{4})+/g, (found) =>
      found.replace(/%u(....)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    )
    .replace(/(?:%[0-9a-fA-F]{2})+/g, (found) => Buffer.from(found.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** JSON's and JavaScript's escapes but `\u{…}`, which is `esc1` itself: decoding that is decoding the fence. */
function decodeBackslashes(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3]?[0-7]{1,2})|([^ux{]))/g,
    (_, u, x, octal, other) => {
      if (other !== undefined) return other;
      return octal === undefined
        ? String.fromCharCode(Number.parseInt(u ?? x, 16))
        : String.fromCharCode(Number.parseInt(octal, 8));
    },
  );
}

const skeleton = (text: string): string =>
  Array.from(text.normalize('NFD').replace(ignorable, ''), (character) => skeletons.get(character) ?? character)
    .join('')
    .normalize('NFD');

const decodings: readonly Reading[] = [
  ['as it is', (text) => text],
  ['HTML-decoded', decodeEntities],
  ['URL-decoded', decodePercent],
  ['JavaScript-decoded', decodeBackslashes],
];

const foldings: readonly Reading[] = [
  ['as it is', (text) => text],
  ['NFKC', (text) => text.normalize('NFKC')],
  ['NFKD', (text) => text.normalize('NFKD')],
  ['lower case', (text) => text.toLowerCase()],
  ['upper case', (text) => text.toUpperCase()],
  ['no ignorables', (text) => text.replace(ignorable, '')],
  ['skeleton', skeleton],
  ['no white space', (text) => text.replace(/\s/g, '')],
  ['all of them', (text) => skeleton(text.normalize('NFKC').toLowerCase().replace(/\s/g, '')).normalize('NFKD')],
];

/** Every folding after one round of every decoding, and every decoding after NFKC and after the skeleton. */
export const readings: readonly Reading[] = [
  ...decodings.flatMap(([decoding, decode]) =>
    foldings.map(([folding, fold]): Reading => [`${decoding}, ${folding}`, (text) => fold(decode(text))]),
  ),
  ...decodings.flatMap(([decoding, decode]): Reading[] => [
    [`NFKC, ${decoding}, skeleton`, (text) => skeleton(decode(text.normalize('NFKC')))],
    [`skeleton, ${decoding}, skeleton`, (text) => skeleton(decode(skeleton(text)))],
  ]),
];

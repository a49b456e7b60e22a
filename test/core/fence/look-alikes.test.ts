import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { escapeData } from '../../../functions/core/fence/escape.ts';
import { angleLookAlikes, escapeLookAlikes } from '../../../functions/core/fence/look-alikes.ts';
import { corporaDirectory } from './corpus.ts';

const everyCodePoint = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint).filter(
  (codePoint) => codePoint < 0xd800 || codePoint > 0xdfff,
);
const becoming = (wanted: RegExp, forms: readonly string[]) =>
  everyCodePoint.filter((codePoint) => {
    const character = String.fromCodePoint(codePoint);
    return codePoint > 0x7f && forms.some((form) => wanted.test(character.normalize(form)));
  });

test("every code point that Node's Unicode data turns into an angle bracket is in the table", () => {
  expect(angleLookAlikes).toEqual(expect.arrayContaining(becoming(/[<>]/, ['NFC', 'NFD', 'NFKC', 'NFKD'])));
});

test("every code point that Node's Unicode data turns into the start of an escape is in the table", () => {
  expect(escapeLookAlikes).toEqual(expect.arrayContaining(becoming(/[&%\\]/, ['NFKC', 'NFKD'])));
});

test('every code point of the tables is escaped, and no table names one twice', () => {
  const all = [...angleLookAlikes, ...escapeLookAlikes];
  expect(new Set(all).size).toBe(all.length);
  for (const codePoint of all) {
    expect(escapeData(String.fromCodePoint(codePoint))).toBe(`\\u{${codePoint.toString(16).toUpperCase()}}`);
  }
});

test('no assigned character with a visible glyph is escaped for another reason than a table', () => {
  const tables = new Set([0x3c, 0x3e, 0x5c, 0x26, 0x25, ...angleLookAlikes, ...escapeLookAlikes]);
  const lost = everyCodePoint.filter((codePoint) => {
    const character = String.fromCodePoint(codePoint);
    const graphic =
      /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u.test(character) && !/\p{Default_Ignorable_Code_Point}/u.test(character);
    return graphic && !tables.has(codePoint) && escapeData(character) !== character;
  });
  expect(lost).toEqual([]);
});

const skipped =
  corporaDirectory === undefined ? ' (skipped: CORPORA_DIRECTORY names no directory with the corpora)' : '';
test.runIf(corporaDirectory !== undefined)(
  `every look-alike of the confusables corpus is in the table${skipped}`,
  () => {
    const path = join(corporaDirectory ?? '', 'confusables-fence-alphabet.json');
    const { map } = JSON.parse(readFileSync(path, 'utf8')) as { map: Record<string, string[]> };
    const codePoints = ['<', '>'].flatMap((bracket) => map[bracket] ?? []).map((character) => character.codePointAt(0));
    expect(codePoints.length).toBeGreaterThan(10);
    expect(angleLookAlikes).toEqual(expect.arrayContaining(codePoints));
  },
);

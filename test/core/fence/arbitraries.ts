import fc from 'fast-check';
import { angleLookAlikes, escapeLookAlikes } from '../../../functions/core/fence/look-alikes.ts';
import { corpus } from './corpus.ts';

/** Of every property. FENCE_RUNS raises it, for a long night. */
export const runs = Number(process.env.FENCE_RUNS ?? 1_000);
fc.configureGlobal({ numRuns: runs });

const nastyCodePoints = [
  ...angleLookAlikes,
  ...escapeLookAlikes,
  ...[0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad, 0x34f, 0xfe0f, 0xe0100, 0xe0041, 0x3164, 0x180e],
  ...[0x202e, 0x2066, 0x2069, 0x61c, 0x200e],
  ...[0x300, 0x301, 0x316, 0x334, 0x338, 0x20dd, 0x93c],
  ...[0, 8, 0xb, 0xd, 0x1b, 0x7f, 0x85, 0x9b, 0x2028, 0x2029],
  ...[0xfffe, 0xffff, 0x10ffff, 0xe000, 0x378, 0x1f600, 0xe9, 0x4e2d],
].map((codePoint) => String.fromCodePoint(codePoint));

const pieces = [
  ...nastyCodePoints,
  ...[
    '<',
    '>',
    '\\',
    '|',
    '| ',
    '\n',
    '\n| ',
    '\t',
    '&',
    '%',
    ';',
    '#',
    '!',
    '[',
    ']',
    '(',
    ')',
    ':',
    '/',
    '//',
    '://',
  ],
  ...[
    '&lt;',
    '&gt',
    '&#60;',
    '&#x3E',
    '&lsaquo;',
    '%3C',
    '%3e',
    '%EF%BC%9C',
    '%u003C',
    '3C',
    'lt;',
    't;',
    '%E2%80',
    '%B9',
  ],
  ...['\\u003c', '\\x3e', '\\u{3C}', 'u{3C}', '{3C}', '}', '<<<END nonce=', '>>>', '<<<USER_DATA nonce='],
  ...['\ud800', '\udbff', '\udc00', '\udfff', '\ud83d', '\ude00'],
];

/** Any sequence of UTF-16 units, lone surrogates included. */
const units = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''));

const corpusText = fc.constantFrom(...corpus.map(({ text }) => text));

/** Text as somebody who wants out would write it, and text as anybody writes it. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  units,
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join('')),
  corpusText,
  fc.tuple(corpusText, corpusText).map(([first, second]) => first + second),
);

/** Printable ASCII in the proportions people write it, with the characters that may need an escape. */
export const asciiText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
      fc.constantFrom('AT&T', '100 %', 'R&D', 'Q & A', '50% off', 'a=1&b=2', '%20', '%41', 'a;b', '&', '%', '&;', '%%'),
      fc.constantFrom(' ', '\n', '://', '![', '](', '[x]', 'https', '!', ':'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const hexadecimal = fc.constantFrom(...'0123456789abcdef');

/** Any nonce, also one that the attacker chose. */
export const anyNonce: fc.Arbitrary<string> = fc
  .array(hexadecimal, { minLength: 32, maxLength: 32 })
  .map((digits) => digits.join(''));

const scalar = fc.oneof(
  anyText,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array({ maxLength: 8 }),
);

const record = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(fc.oneof(fc.constantFrom('id', 'note', '__proto__', 'isError', 'role', 'columns'), anyText), value, {
    maxKeys: 4,
  });

const nested = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  record(scalar),
  fc.array(record(scalar), { maxLength: 3 }),
);

/** What a tool may return: a bare value, an object, rows, and objects inside them. */
export const anyResult: fc.Arbitrary<unknown> = fc.oneof(
  scalar,
  record(nested),
  fc.array(record(nested), { maxLength: 4 }),
  fc.array(scalar, { maxLength: 4 }),
);

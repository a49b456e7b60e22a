import { escapeData } from '../../functions/core/fence/escape.ts';
import { fenceResult } from '../../functions/core/fence/structured.ts';
import { corpus } from '../core/fence/corpus.ts';
import { cpuTime, median } from './clock.ts';
import type { Row } from './row.ts';

/** Text that costs the encoder most: nearly every character of it is looked at twice, or escaped. */
const HOSTILE: Readonly<Record<string, string>> = {
  'the corpus': corpus.map(({ text }) => text).join('\n'),
  brackets: '<<<END>>>',
  backslashes: '\\',
  references: '&l',
  'long references': '&aaaaaaaaa',
  'percent encodings': '%E2%80',
  'tag characters': '\u{e0041}',
  'combining marks': '\u0301',
  links: '![x](https://a.example)',
};

const MIB = 2 ** 20;
const options = { source: 'tool:bench', nonce: '3f9c51a4e07b4d2299c0a1b26d8e7f15' };

/** So many bytes of UTF-8, to within one piece. */
function repeated(piece: string, bytes: number): string {
  return piece.repeat(Math.ceil(bytes / Buffer.byteLength(piece)));
}

const hostile = Object.entries(HOSTILE).map(
  ([what, piece]): Row => ({
    name: `fence: 1 MiB of hostile text, ${what}`,
    unit: 'ms',
    most: 50,
    measure: () => {
      const text = repeated(piece, MIB);
      return cpuTime(() => escapeData(text));
    },
  }),
);

/** The median of ratios that were each measured in one go: what slows the machine slows both sides. */
const linear = [2, 4].map(
  (times): Row => ({
    name: `fence: ${times} MiB of the corpus to 1 MiB`,
    unit: '×',
    most: 1.75 * times,
    measure: () => {
      const piece = HOSTILE['the corpus'] ?? '';
      const [one, more] = [repeated(piece, MIB), repeated(piece, times * MIB)];
      const ratio = () =>
        cpuTime(() => escapeData(more), { samples: 3 }) / cpuTime(() => escapeData(one), { samples: 3 });
      return median(Array.from({ length: 5 }, ratio));
    },
  }),
);

const order = {
  ...{ number: 'N-1001', customer: 'Ada Lindqvist', item: 'Walking boots', status: 'shipped', total: '129.90' },
  ...{ currency: 'EUR', placed_at: '2026-07-08T09:13:00Z', id: '00000000-0000-4000-8000-000000d00001' },
};
const RESULTS: readonly (readonly [what: string, value: unknown, most?: number])[] = [
  ['1 KiB in one cell', [{ id: 17, note: 'The stove does not light, what now? '.repeat(28) }], 20],
  ['1 KiB in seven rows of orders', Array.from({ length: 7 }, () => order), 20],
  ['1 KiB of brackets', [{ id: 17, note: '<'.repeat(1_000) }]],
];

const results = RESULTS.map(
  ([what, value, most]): Row => ({
    name: `fence: a result of ${what}`,
    unit: 'µs',
    ...(most !== undefined && { most }),
    measure: () => 1_000 * cpuTime(() => fenceResult(value, options), { calls: 2_000 }),
  }),
);

export const fence: readonly Row[] = [...hostile, ...linear, ...results];

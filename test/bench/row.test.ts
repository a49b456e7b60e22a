import { expect, test } from 'vitest';
import { measured, type Row, table } from './row.ts';

const row = (name: string, value: number, most?: number): Row => ({
  name,
  unit: 'ms',
  ...(most !== undefined && { most }),
  measure: () => value,
});

test('a row is within its budget, over it, or has none', async () => {
  const results = await measured([row('fast', 50, 50), row('slow', 50.1, 50), row('shown', 1_000)]);
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(table(results).split('\n')).toEqual([
    'fast      50.0 ms     50.0 ms',
    'slow      50.1 ms     50.0 ms  over budget',
    'shown   1000.0 ms           –',
  ]);
});

test('a number that could not be measured breaks its budget', async () => {
  expect((await measured([row('broken', Number.NaN, 50)]))[0]?.ok).toBe(false);
});

test('two rows of one name are a mistake', async () => {
  await expect(measured([row('same', 1), row('same', 2)])).rejects.toThrow('two rows are named "same"');
});

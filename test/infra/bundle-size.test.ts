import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { kilobytes, LIMITS, type Size, sizesOf } from '../../infra/bundle-sizes.ts';

const ROOT = join(import.meta.dirname, '../..');

let sizes: readonly Size[];
beforeAll(() => {
  sizes = sizesOf(ROOT);
});

/** What somebody has to know who made a bundle too large. */
function describeSize({ name, minified, parts }: Size): string {
  const largest = parts.slice(0, 8).map(([part, bytes]) => `${part} ${kilobytes(bytes)}`);
  return `${name} is ${kilobytes(minified)} KB minified. Largest in it: ${largest.join(', ')}`;
}

describe('a sign-in waits for no more code than is needed', () => {
  test.each(Object.entries(LIMITS))('%s is at most %i bytes, minified', (name, limit) => {
    const size = sizes.find((each) => each.name === name);
    if (size === undefined) throw new Error(`nobody measured ${name}`);
    expect(size.minified, describeSize(size)).toBeLessThanOrEqual(limit);
  });

  test('the functions that are bounded are those', () => {
    expect(LIMITS).toEqual({ 'well-known': 15_000, register: 400_000, authorize: 400_000, token: 420_000 });
  });

  test('what is minified is what is shipped', () => {
    for (const { name, minified, shipped } of sizes) {
      expect(shipped, name).toBeGreaterThan(minified);
      expect(shipped, name).toBeLessThan(4 * minified);
    }
  });
});

test('infra/README.md has the table that its command prints, right to a tenth of each size', () => {
  const readme = readFileSync(join(ROOT, 'infra/README.md'), 'utf8');
  expect(readme).toContain('node infra/bundle-sizes.ts\n');
  const current = 'node infra/bundle-sizes.ts prints the table as it is now';
  const written = rowsOf(readme);
  const measured = rowsOf(execFileSync(process.execPath, ['infra/bundle-sizes.ts'], { cwd: ROOT, encoding: 'utf8' }));
  expect([...written.keys()], current).toEqual([...measured.keys()]);
  for (const [name, [minified = 0, limit, shipped = 0]] of measured) {
    const [writtenMinified = 0, writtenLimit, writtenShipped = 0] = written.get(name) ?? [];
    expect(writtenLimit, current).toBe(limit);
    expect(Math.abs(writtenMinified / minified - 1), `${name}: ${current}`).toBeLessThan(0.1);
    expect(Math.abs(writtenShipped / shipped - 1), `${name}: ${current}`).toBeLessThan(0.1);
  }
});

/** The numbers of a table's rows, by what the row is called; a dash is no number. */
function rowsOf(text: string): ReadonlyMap<string, readonly number[]> {
  const table = /\| Bundle[^\n]*\n\|[-| ]*\n((?:\|[^\n]*\n?)+)/.exec(text)?.[1] ?? '';
  const cells = [...table.matchAll(/[^\n]+/g)].map(([row]) => row.split('|').map((cell) => cell.trim()));
  return new Map(cells.map(([, name = '', ...numbers]) => [name, numbers.slice(0, 3).map(Number)]));
}

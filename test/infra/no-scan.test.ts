import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Where a person lists what a table has: small tables, asked for by hand. A Scan costs what the table holds. */
const BY_HAND = [
  'infra/cli/clients/registry-desk.ts',
  'infra/cli/grants/grants-desk.ts',
  'infra/cli/rules/rules-desk.ts',
];

test('nothing scans a table, but for the three lists that an operator asks for', () => {
  const files = ['functions', 'infra/cli', 'infra/constructs', 'infra/stacks'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const sources = files.filter((name) => name.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(150);
  const scanning = sources.filter((name) =>
    /\b(paginateScan|ScanCommand|ParallelScan)\b/.test(readFileSync(join(ROOT, name), 'utf8')),
  );
  expect(scanning.sort()).toEqual([...BY_HAND].sort());
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { gatehouse } from '../attacks/support/l-operator.ts';

/** What `gatehouse database` says to whom it cannot help. What it finds is in test/e2e/database-kinds.test.ts. */
const nowhere = mkdtempSync(join(tmpdir(), 'gatehouse-nowhere-'));
afterAll(() => rmSync(nowhere, { recursive: true }));

test.each<[args: readonly string[], sentence: string]>([
  [[], 'gatehouse database has no "".'],
  [['repair'], 'gatehouse database has no "repair".'],
  [['check', '--fix'], "Unknown option '--fix'"],
  [['check'], 'No local stack is running'],
  [['check', '--role', 'r'], '--function (the output MigrateFunctionName) is missing. Add it.'],
  [['check', '--function', 'f'], '--role (the output DatabaseCheckerRoleArn) is missing. Add it.'],
])('%j ends with 1 and a sentence', async (args, sentence) => {
  const { code, stdout, stderr } = await gatehouse(nowhere, 'database', ...args);
  expect(stderr).toContain(sentence);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(/^ +at /m);
});

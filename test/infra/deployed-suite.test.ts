import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GAPS, lacking, whyNot } from '../deploy/gaps.ts';
import { endToEndTests, FROM_OUTSIDE, leftOut, undecided } from '../support/deployed-suite.ts';

/** What is tested of a deployment, and what is not: nothing may fall between the lists. */
describe('the end-to-end tests against a deployment', () => {
  test('are files that there are, and every file that shares the stack is decided about', () => {
    expect(FROM_OUTSIDE.filter((file) => !existsSync(file))).toEqual([]);
    expect(undecided()).toEqual([]);
    expect(endToEndTests('https://api.example/mcp')).toEqual(FROM_OUTSIDE);
    expect(endToEndTests(undefined)).toHaveLength(2);
  });

  test('are left out with a reason each', () => {
    const files = leftOut();
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter(({ reason }) => reason.length < 10)).toEqual([]);
    expect(files.map(({ file }) => file)).not.toContain(FROM_OUTSIDE[0]);
  });

  test.each(Object.entries(GAPS))('%s: what is skipped is a test that there is', (_name, { tests }) => {
    for (const name of tests) {
      const [file = '', ...groups] = name.split(' > ');
      expect([file, FROM_OUTSIDE.some((known) => known === file)]).toEqual([file, true]);
      expect(readFileSync(file, 'utf8')).toContain(groups.at(-1));
    }
  });

  test('are skipped only for what the target is said to lack', () => {
    const [skipped = ''] = GAPS.database?.tests ?? [];
    expect(whyNot(skipped, ['database'])).toContain('database: none');
    expect(whyNot(skipped, ['response mapping'])).toBeUndefined();
    expect(whyNot(skipped, lacking(undefined))).toBeUndefined();
    expect(lacking('database,response mapping')).toEqual(['database', 'response mapping']);
    expect(() => lacking('databse')).toThrow('no such gap: databse');
  });
});

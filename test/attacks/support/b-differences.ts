import { expect } from 'vitest';
import type { Drawn } from './b-requests.ts';
import { encode } from './t-form.ts';

/** A request, and what came of it in both: a class such as `page`, `local`, `redirect invalid_scope` or `tokens`. */
export type Comparison = Drawn & { readonly ours: string; readonly theirs: string };

/** A difference that is meant: what came of it, for which requests, and why, with the text that says so. */
export type Difference = {
  readonly ours: string | RegExp;
  readonly theirs: string | RegExp;
  readonly when: (of: Comparison) => boolean;
  readonly because: string;
};

/**
 * Every difference is one of the table, and every row of the table is met: neither server can change its mind, and no
 * reason can outlive its difference.
 */
export function expectExplained(comparisons: readonly Comparison[], table: readonly Difference[]): void {
  const met = new Set<Difference>();
  const unexplained: string[] = [];
  for (const comparison of comparisons) {
    const { ours, theirs, request, faults } = comparison;
    if (ours === theirs) continue;
    const row = table.find((each) => fits(each.ours, ours) && fits(each.theirs, theirs) && each.when(comparison));
    if (row) met.add(row);
    else unexplained.push(`${ours} | ${theirs} | ${faults.join(' ')} | ${encode(request)}`);
  }
  expect(unexplained.toSorted()).toEqual([]);
  expect(table.filter((row) => !met.has(row)).map(({ because }) => because)).toEqual([]);
}

function fits(expected: string | RegExp, outcome: string): boolean {
  return typeof expected === 'string' ? expected === outcome : expected.test(outcome);
}

/** Whether one of the values of this parameter is one of these. */
export const sent =
  (name: string, ...values: readonly string[]) =>
  ({ request }: Drawn): boolean =>
    [request[name]].flat().some((value) => value !== undefined && values.includes(value));

export const twoFaults = ({ faults }: Drawn): boolean => faults.length > 1;

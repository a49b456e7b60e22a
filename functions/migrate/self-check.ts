import type { RunSql } from '../adapters/data-api-admin.ts';
import { DECLARED } from './declared.ts';
import { RULES } from './rules.ts';

/** One thing that is granted beyond what is declared, and the statement that takes it away. */
export type Excess = { readonly problem: string; readonly fix: string };

/**
 * What the database grants beyond what the migrations declare. Roles can change some of their own settings, and a hand at
 * the console can change anything, so this is asked after every run, and whenever an operator asks. Changes nothing.
 */
export async function selfCheck(run: RunSql): Promise<readonly Excess[]> {
  const rows = await run(`${DECLARED} ${RULES.join(' UNION ALL ')} ORDER BY 1`);
  return rows.map(({ problem, fix }) => ({ problem: String(problem), fix: String(fix) }));
}

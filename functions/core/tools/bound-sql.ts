import type { Row, SqlFailure, Statement } from '../ports.ts';
import type { Result } from '../result.ts';
import { sql } from '../sql/statement.ts';
import { type ReadSql, SqlRefusal, type WriteSql } from './context.ts';
import type { Tool } from './define.ts';

type Run = (statement: Statement, first?: number) => Promise<Result<readonly Row[], SqlFailure>>;
type Bind = (...template: Parameters<typeof sql>) => Statement;

/**
 * The `sql` of a tool that reads: binds each value as a parameter, and throws what gave no rows.
 *
 * @param tellCut hears how many rows were read of a statement that had more. Without it such a statement gives none.
 */
export function readSql(
  tool: Pick<Tool, 'name' | 'scopes' | 'database'>,
  run: Run,
  tellCut?: (rows: number) => void,
): ReadSql {
  const bind = binding(tool);
  const whole: WholeSql = async (text, ...values) => orThrow(await run(bind(text, ...values)));
  const first: ReadSql['first'] =
    (limit) =>
    async (text, ...values) => {
      if (!Number.isSafeInteger(limit) || limit < 1) throw new Error(`sql.first: ${limit} is no number of rows`);
      const answer = await run(bind(text, ...values), limit);
      const part = answer.ok ? undefined : answer.error.part;
      if (part === undefined || tellCut === undefined) return { rows: orThrow(answer), more: false };
      tellCut(part.length);
      return { rows: part, more: true };
    };
  return Object.assign(whole, { first });
}

/** The `sql` of a write tool, whose statements all belong to one transaction. */
export function writeSql(tool: Pick<Tool, 'name' | 'scopes'>, run: Run): WriteSql {
  const bind = binding(tool);
  const whole: WholeSql = async (text, ...values) => orThrow(await run(bind(text, ...values)));
  return Object.assign(whole, { writes: true as const });
}

type WholeSql = (...template: Parameters<ReadSql>) => Promise<readonly Row[]>;

function binding(tool: Pick<Tool, 'name' | 'scopes' | 'database'>): Bind {
  return (text, ...values) => {
    // Rows are never for everybody, and `openWorldHint` is derived from this.
    if (tool.scopes.length === 0) throw new Error(`${tool.name} uses sql but names no scope: give it one`);
    if (tool.database === 'none') throw new Error(`${tool.name} uses sql but says database: 'none'. Remove that`);
    return sql(text, ...values);
  };
}

function orThrow(answer: Awaited<ReturnType<Run>>): readonly Row[] {
  if (!answer.ok) throw new SqlRefusal(answer.error);
  return answer.value;
}

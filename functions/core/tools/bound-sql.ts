import type { Row, SqlFailure, Statement } from '../ports.ts';
import type { Result } from '../result.ts';
import { sql } from '../sql/statement.ts';
import { type ReadSql, SqlRefusal, type WriteSql } from './context.ts';
import type { Tool } from './define.ts';

type Run = (statement: Statement) => Promise<Result<readonly Row[], SqlFailure>>;

/** The `sql` of a tool: binds each value as a parameter, and throws what gave no rows. */
export function readSql(tool: Pick<Tool, 'name' | 'scopes' | 'database'>, run: Run): ReadSql {
  return async (text, ...values) => {
    // Rows are never for everybody, and `openWorldHint` is derived from this.
    if (tool.scopes.length === 0) throw new Error(`${tool.name} uses sql but names no scope: give it one`);
    if (tool.database === 'none') throw new Error(`${tool.name} uses sql but says database: 'none'. Remove that`);
    const rows = await run(sql(text, ...values));
    if (!rows.ok) throw new SqlRefusal(rows.error);
    return rows.value;
  };
}

/** The `sql` of a write tool, whose statements all belong to one transaction. */
export function writeSql(tool: Pick<Tool, 'name' | 'scopes'>, run: Run): WriteSql {
  return Object.assign(readSql(tool, run), { writes: true as const });
}

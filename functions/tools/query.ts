import * as z from 'zod';
import type { Row, SqlValue } from '../core/ports.ts';
import { READABLE_SCHEMA } from '../core/sql/allowed-names.ts';
import { freeSelect } from '../core/sql/free-select.ts';
import type { ParseSql } from '../core/sql/grammar.ts';
import { explainRefusal } from '../core/sql/not-allowed.ts';
import { SqlRefusal, type ToolLog, ToolRefusal } from '../core/tools/context.ts';
import { defineTool, type Tool } from '../core/tools/define.ts';

const simple = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/**
 * Free SQL. It exists only where `tools.query` of cdk.json says so, and is made with the parser that judges each statement.
 * The statement then runs like every read: as `mcp_reader`, READ ONLY, with the caller's row context, rolled back.
 */
export default function query(parse: ParseSql): Tool {
  return defineTool({
    name: 'query',
    title: 'Query the database',
    description:
      'Runs one SELECT of PostgreSQL 17 over the tables of schema app, for questions that no other tool answers. Call it without a statement for the columns that may be read, and name columns instead of using *.',
    access: 'read',
    scopes: ['sql:read'],
    input: z.strictObject({
      statement: z
        .string()
        .min(1)
        .optional()
        .describe('One SELECT, without parameters. Left out: the list of tables and columns.'),
      limit: z.int().min(1).max(200).default(100).describe('How many rows at most.'),
    }),
    output: z.object({
      rows: z.array(z.object({}).catchall(z.union([simple, z.array(simple)]))),
      truncated: z.boolean(),
    }),
    examples: [{}, { statement: 'SELECT status, count(*) AS orders FROM app.orders GROUP BY status', limit: 10 }],
    async run({ statement, limit }, { sql, log }) {
      if (statement === undefined) {
        const columns = await sql.first(1_000)`
          SELECT table_schema || '.' || table_name AS relation, column_name, data_type
            FROM information_schema.columns WHERE table_schema = ${READABLE_SCHEMA}
           ORDER BY table_name, ordinal_position`;
        return { rows: columns.rows, truncated: columns.more };
      }
      // One row more than asked for, so that there being more is known.
      const select = await freeSelect(parse, statement, limit + 1);
      if (!select.ok) {
        log.add({ refused: select.error.reason });
        throw new ToolRefusal(explainRefusal(select.error));
      }
      const { rows, more } = await sql.first(limit)`${select.value}`.catch((error: unknown) => {
        throw explained(error, log);
      });
      return { rows: rows.map(written), truncated: more };
    },
  });
}

/** What PostgreSQL says about the statement is told: without it nobody could correct one. It quotes only what this caller may read. */
function explained(error: unknown, log: ToolLog): unknown {
  if (!(error instanceof SqlRefusal)) return error;
  const { reason, detail, sqlState } = error.failure;
  if (reason !== 'denied' && reason !== 'invalid') return error;
  log.warn('the database gave no rows', { reason, sql_state: sqlState });
  if (reason === 'denied') return new ToolRefusal(DENIED);
  const message = detail.replace(/^\w+: (?:ERROR: )?/, '').replace(/\s*(?:Position: \d+; )?SQLState: \w{5}\s*$/, '');
  return new ToolRefusal(`PostgreSQL could not run the statement: ${message.slice(0, LONGEST_MESSAGE).toWellFormed()}`);
}

/** Characters; a message can quote the whole statement. */
const LONGEST_MESSAGE = 1_000;

const DENIED =
  'PostgreSQL does not let this tool read all that the statement names. Call this tool without a statement for what it may read, and name columns instead of using *.';

/** A row as JSON can say it. */
function written(row: Row): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, writtenValue(value)]));
}

function writtenValue(value: SqlValue): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return typeof value === 'object' && value !== null ? value.map(writtenValue) : value;
}

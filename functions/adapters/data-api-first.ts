import type { Row, SqlFailure, Statement } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { codeOf } from '../core/sql/code.ts';
import { bytesOf, type Decoded } from './data-api-values.ts';

/** Most rows and most bytes of a part. */
export type Caps = { readonly rows: number; readonly bytes: number };

type Run = (statement: Statement) => Promise<Result<Decoded, SqlFailure>>;

/** The service returns no row beyond 64 KB (Aurora User Guide, "Limitations for the Amazon RDS Data API"). */
const ROW_LIMIT = 65_536;

/**
 * Reads the first rows of a statement. A result of more is refused as `too-large` with those rows as its `part`, so that
 * nobody can take a part for the whole.
 *
 * One call while what is asked for fits into one answer of the service. If it does not, nothing is known of it but that,
 * and the transaction is lost with it; then the database itself measures the rows and gives those that fit: one call more,
 * or two when a row is wider than the service returns. Rows are never read in pages: without an ORDER BY two runs of a
 * statement may differ in their order, and pages of it would miss rows.
 *
 * @param run runs one statement in a transaction of its own
 */
export async function readFirst(run: Run, statement: Statement, caps: Caps): Promise<Result<Row[], SqlFailure>> {
  const whole = await run(limited(statement, caps.rows + 1));
  if (whole.ok) return firstOf(whole.value.rows, whole.value.rows.length, caps);
  if (whole.error.reason !== 'too-large') return whole;
  for (const bytes of [caps.bytes, ROW_LIMIT]) {
    const part = await run(measured(statement, caps.rows + 1, Math.min(bytes, caps.bytes)));
    if (part.ok) return firstOf(part.value.rows.map(withoutMeasures), foundBy(part.value.rows), caps);
    if (part.error.reason !== 'too-large') return part;
  }
  return whole;
}

/** Of `found` rows these are the first: all of them, or the part that fits. Not even one row is no part. */
function firstOf(rows: readonly Row[], found: number | undefined, caps: Caps): Result<Row[], SqlFailure> {
  const part: Row[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, caps.rows)) {
    bytes += bytesOf(row);
    if (bytes > caps.bytes) break;
    part.push(row);
  }
  if (part.length === found) return ok(part);
  const failure = { reason: 'too-large', retry: false, sqlState: undefined } as const;
  if (part.length === 0) return refuse({ ...failure, detail: 'the first row alone is larger than may be read' });
  return refuse({ ...failure, detail: `the result has more than the first ${part.length} rows`, part });
}

function limited({ text, values }: Statement, rows: number): Statement {
  return { text: `SELECT * FROM (\n${withoutSemicolon(text)}\n) AS q LIMIT ${rows}`, values };
}

const FOUND = 'gatehouse_found';
const BYTES = 'gatehouse_bytes';

/**
 * A row as JSON is never shorter than what the service returns of it, by its text, and at most 3.4 times shorter by the
 * text around its values: 256 KiB of JSON stay below 1 MiB, and 64 KiB hold no row above 64 KB.
 */
function measured(statement: Statement, rows: number, bytes: number): Statement {
  const measure = 'pg_catalog.octet_length(pg_catalog.to_json(q.*)::pg_catalog.text)';
  const text = `SELECT * FROM (
SELECT q.*, pg_catalog.count(*) OVER () AS ${FOUND}, pg_catalog.sum(${measure}) OVER (ROWS UNBOUNDED PRECEDING) AS ${BYTES}
FROM (${limited(statement, rows).text}) AS q) AS m WHERE ${BYTES} <= ${bytes}`;
  return { text, values: statement.values };
}

function withoutMeasures({ [FOUND]: _found, [BYTES]: _bytes, ...row }: Row): Row {
  return row;
}

/** Every row says how many there are; without a row it is not known. */
function foundBy([row]: readonly Row[]): number | undefined {
  return row === undefined ? undefined : Number(row[FOUND]);
}

/** A semicolon at the end is allowed to a statement and not inside brackets. */
function withoutSemicolon(text: string): string {
  const end = /;\s*$/.exec(codeOf(text))?.index;
  return text.slice(0, end);
}

import type { Caller, Clock, Row, SqlFailure, SqlReader, Statement } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { isOneSelect } from '../core/sql/one-select.ts';
import { SqlRefusal } from '../core/tools/context.ts';
import type { Execute, Transact } from '../core/tools/write.ts';
import type { Failed } from './data-api-failure.ts';
import { readFirst } from './data-api-first.ts';
import { beginTransaction, type DataApi, type Transaction } from './data-api-transaction.ts';
import type { Decoded } from './data-api-values.ts';
import { signRowContext } from './row-context.ts';

export type SqlOptions = DataApi & {
  /** The key of this login's row contexts (`rowContextKeyOf`). */
  readonly contextKey: () => Promise<Uint8Array>;
  readonly clock: Clock;
  /** Milliseconds until a database that is away is given up. */
  readonly patience?: number;
};

export type ReaderOptions = SqlOptions & {
  /** More rows than this is `too-large`. */
  readonly maxRows?: number;
  /** More bytes of text than this is `too-large`. The service itself ends at 1 MiB. */
  readonly maxBytes?: number;
};

/** A database that sleeps or is away must be answered within 5 s, long before the gateway gives up. */
const PATIENCE = 4_500;
const MAX_ROWS = 1_000;
const MAX_BYTES = 256 * 1024;

/**
 * What every transaction sets before anything else, in one call. A role may change its own defaults, so they are asserted
 * here each time; and after this query PostgreSQL no longer lets the transaction become READ WRITE. The function is named
 * with its schema, because a search path that the role gave itself decides what the bare name means.
 */
const SETTINGS = (readOnly: 'on' | 'off') => `
  SELECT true AS ready
   WHERE pg_catalog.set_config('transaction_read_only', '${readOnly}', true) IS NOT NULL
     AND pg_catalog.set_config('search_path', '"$user", public', true) IS NOT NULL
     AND pg_catalog.set_config('row_security', 'on', true) IS NOT NULL
     AND pg_catalog.set_config('standard_conforming_strings', 'on', true) IS NOT NULL
     AND pg_catalog.set_config('statement_timeout', '5s', true) IS NOT NULL
     AND pg_catalog.set_config('lock_timeout', '1s', true) IS NOT NULL
     AND pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', true) IS NOT NULL
     AND pg_catalog.set_config('app.ctx', :p1, true) IS NOT NULL`;

/**
 * Reads through the RDS Data API: begin, settings with the caller's signed row context, one statement, and rollback,
 * always. The role that runs it holds no right to commit. A read whose connection broke is tried once more.
 */
export function createSqlReader(options: ReaderOptions): SqlReader {
  const { patience = PATIENCE, maxRows = MAX_ROWS, maxBytes = MAX_BYTES } = options;
  return async (caller, statement, signal, first) => {
    const shape = isOneSelect(statement.text);
    if (!shape.ok) return refuse(refusal('invalid', `a read is one SELECT: ${shape.error.reason}`));
    const run = async (one: Statement) => {
      const started = performance.now();
      const answer = await readOnce(options, caller, one, patience, signal);
      const left = patience - (performance.now() - started);
      const broke = !answer.ok && answer.error.reason === 'unavailable' && answer.error.retry && left > patience / 2;
      return broke && !signal?.aborted ? readOnce(options, caller, one, left, signal) : answer;
    };
    if (first !== undefined) return readFirst(run, statement, { rows: Math.min(first, maxRows), bytes: maxBytes });
    const answer = await run(statement);
    return answer.ok ? whole(answer.value, maxRows, maxBytes) : answer;
  };
}

async function readOnce(
  options: ReaderOptions,
  caller: Caller,
  statement: Statement,
  within: number,
  signal?: AbortSignal,
): Promise<Result<Decoded, Failed>> {
  const begun = await open(options, caller, 'on', within, signal);
  if (!begun.ok) return begun;
  const transaction = begun.value;
  try {
    return await transaction.execute(statement.text, statement.values, signal);
  } finally {
    await transaction.rollback();
  }
}

/** A transaction in which the row policies know the caller. */
async function open(
  { contextKey, clock, ...api }: SqlOptions,
  caller: Caller,
  readOnly: 'on' | 'off',
  within: number,
  signal?: AbortSignal,
): Promise<Result<Transaction, Failed>> {
  const key = await contextKey().catch((error: Error) => error);
  if (key instanceof Error) {
    const detail = `the key of the row context: ${key.message}`;
    return refuse({ reason: 'unavailable', retry: true, detail, sqlState: undefined, answered: true });
  }
  const begun = await beginTransaction(api, { within, untilAwake: false, signal });
  if (!begun.ok) return begun;
  // Signed after the begin: a context lives for a minute, and a begin may have waited.
  const context = signRowContext(key, caller, clock.seconds());
  const set = await begun.value.execute(SETTINGS(readOnly), [context], signal);
  if (set.ok) return begun;
  await begun.value.rollback();
  return set;
}

function whole({ rows, bytes }: Decoded, maxRows: number, maxBytes: number): Result<Row[], SqlFailure> {
  if (rows.length > maxRows) return refuse(refusal('too-large', `the result has more than ${maxRows} rows`));
  if (bytes > maxBytes) return refuse(refusal('too-large', `the result is larger than ${maxBytes} bytes`));
  return ok(rows);
}

/**
 * Writes through the RDS Data API: begin, settings with the caller's signed row context, the statements of `work` one
 * after the other, and commit when `work` resolves. A failed statement, or an error of `work`, rolls everything back,
 * even when `work` goes on as if nothing had been. Nothing is tried again once a statement may have run.
 */
export function createSqlWriter(options: SqlOptions): Transact {
  return async (caller, work, signal) => {
    const begun = await open(options, caller, 'off', options.patience ?? PATIENCE, signal);
    if (!begun.ok) return { end: 'rolled-back', error: new SqlRefusal(begun.error) };
    const transaction = begun.value;
    const statements = inOrder(transaction, signal);
    try {
      const value = await work(statements.execute);
      const failure = await statements.close();
      if (failure !== undefined) throw new SqlRefusal(failure);
      signal.throwIfAborted();
      const committed = await transaction.commit();
      if (committed.ok) return { end: 'committed', value };
      if (!committed.error.answered) return { end: 'unknown', error: new SqlRefusal(committed.error) };
      throw new SqlRefusal(committed.error);
    } catch (error) {
      await statements.close();
      await transaction.rollback();
      return { end: 'rolled-back', error };
    }
  };
}

/** Runs statements one at a time, since a transaction takes no second one meanwhile, and none after the first failure. */
function inOrder(transaction: Transaction, signal: AbortSignal) {
  let last: Promise<unknown> = Promise.resolve();
  let failure: SqlFailure | undefined;
  const run = async (statement: Statement): Promise<Result<Row[], SqlFailure>> => {
    if (failure !== undefined) return refuse(failure);
    const answer = await transaction.execute(statement.text, statement.values, signal);
    if (answer.ok) return ok(answer.value.rows);
    failure = answer.error;
    return answer;
  };
  const execute: Execute = (statement) => {
    const turn = last.then(() => run(statement));
    last = turn;
    return turn;
  };
  return {
    execute,
    /** Lets what was asked for finish, refuses what comes later, and gives the first failure. */
    close: async (): Promise<SqlFailure | undefined> => {
      await last;
      const found = failure;
      failure ??= refusal('invalid', 'the transaction is over');
      return found;
    },
  };
}

function refusal(reason: SqlFailure['reason'], detail: string): SqlFailure {
  return { reason, retry: false, detail, sqlState: undefined };
}

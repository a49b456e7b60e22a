import type { Row, SqlFailure, SqlValue } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { beginTransaction, type DataApi } from './data-api-transaction.ts';

/** Runs one statement with `:p1` … bound. Throws a `DatabaseFault`. */
export type RunSql = (text: string, values?: readonly SqlValue[]) => Promise<readonly Row[]>;

/** The database as its master user: whole transactions, nothing of the caller's rights or row context. */
export type AdminDatabase = {
  /** Commits when `work` resolves; rolls back and rethrows when it throws. */
  readonly transaction: <T>(work: (run: RunSql) => Promise<T>) => Promise<T>;
};

/** What the database answered to the master user. The message is PostgreSQL's own. */
export class DatabaseFault extends Error {
  readonly failure: SqlFailure;

  constructor(failure: SqlFailure) {
    super(failure.detail);
    this.name = 'DatabaseFault';
    this.failure = failure;
  }
}

/** A cluster at 0 ACU needs about 15 s to wake; a deployment waits for it. */
const UNTIL_AWAKE = 60_000;
/** The service's own limit is 45 s. */
const PER_STATEMENT = 50_000;

/** Transactions over the Data API for the deploy-time function, the only user of the admin secret. */
export function createAdminDatabase(api: DataApi, within = UNTIL_AWAKE): AdminDatabase {
  return {
    transaction: async (work) => {
      const transaction = orThrow(
        await beginTransaction(api, { within, untilAwake: true, perStatement: PER_STATEMENT }),
      );
      try {
        const value = await work(async (text, values = []) => orThrow(await transaction.execute(text, values)).rows);
        orThrow(await transaction.commit());
        return value;
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    },
  };
}

function orThrow<T>(result: Result<T, SqlFailure>): T {
  if (!result.ok) throw new DatabaseFault(result.error);
  return result.value;
}

import { BeginTransactionCommand, ExecuteStatementCommand, RollbackTransactionCommand } from '@aws-sdk/client-rds-data';
import { rowContextKey, signRowContext } from '../../functions/adapters/row-context.ts';
import { aCaller } from '../support/callers.ts';
import { CLUSTER, DATABASE, type Login, SECRETS, type TestDatabase } from '../support/database.ts';
import { systemClock } from '../support/sql.ts';

/** What came of a statement that went to the Data API as it stands: its rows, or what the service said. */
export type Answer = { readonly rows?: unknown; readonly error?: string };

export type Straight = {
  /** What a transaction begins with, after its settings. Without any, the statement runs alone, in autocommit. */
  readonly transaction: 'READ ONLY' | 'READ WRITE' | 'none';
  readonly secretArn?: string;
  readonly asRole?: string;
};

const alice = aCaller({ subject: 'alice' });

/** The transaction of a read as the adapter makes it, with less patience, and any text where its statement stands. */
export async function runStraight(database: TestDatabase, text: string, how: Straight): Promise<Answer> {
  const { secretArn = SECRETS.reader, transaction, asRole } = how;
  const target = { resourceArn: CLUSTER, secretArn, database: DATABASE };
  const send = (sql: string, transactionId?: string) =>
    database.client.send(new ExecuteStatementCommand({ ...target, sql, transactionId, includeResultMetadata: true }));
  const attempt = async (transactionId?: string): Promise<Answer> => {
    try {
      const { records, columnMetadata } = await send(text, transactionId);
      return { rows: { records, columnMetadata } };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  if (transaction === 'none') return attempt();
  const { transactionId } = await database.client.send(new BeginTransactionCommand(target));
  if (transactionId === undefined) throw new Error('no transaction was begun');
  try {
    if (asRole !== undefined) await send(`SET LOCAL ROLE ${asRole}`, transactionId);
    const context = signRowContext(
      rowContextKey(database.logins.get(secretArn) as Login),
      alice,
      systemClock.seconds(),
    );
    await send(
      `SELECT set_config('transaction_read_only', '${transaction === 'READ ONLY' ? 'on' : 'off'}', true) IS NOT NULL,
              set_config('statement_timeout', '1s', true) IS NOT NULL, set_config('lock_timeout', '1s', true) IS NOT NULL,
              set_config('app.ctx', '${context}', true) IS NOT NULL`,
      transactionId,
    );
    return await attempt(transactionId);
  } finally {
    const rollback = { resourceArn: CLUSTER, secretArn, transactionId };
    // A statement may have ended the transaction: then there is nothing to roll back.
    await database.client.send(new RollbackTransactionCommand(rollback)).catch(() => undefined);
  }
}

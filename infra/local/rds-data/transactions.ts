import { randomUUID } from 'node:crypto';
import type { Connection } from './connections.ts';
import { badRequest, databaseFailure, isTooLarge, transactionBusy, transactionNotFound } from './failures.ts';
import type { Target } from './request.ts';

type Transaction = Connection & {
  readonly target: Target;
  busy: boolean;
  timer: NodeJS.Timeout;
  readonly born: number;
};

export type Transactions = {
  readonly begin: (connection: Connection, target: Target) => Promise<string>;
  /**
   * Lends the transaction's connection for one statement. A second use at the same time is refused, and a result that is
   * too large ends the transaction.
   */
  readonly use: <T>(id: string, target: Target, work: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly end: (id: string, target: Target, how: 'COMMIT' | 'ROLLBACK') => Promise<void>;
  readonly close: () => Promise<void>;
};

/** BeginTransaction: "A transaction times out if no calls use its transaction ID in three minutes"; at most 24 hours. */
const IDLE = 3 * 60_000;
const LIFETIME = 24 * 60 * 60_000;

/** Open transactions by id, each bound to the cluster and the secret it was begun with. */
export function createTransactions(idle = IDLE): Transactions {
  const open = new Map<string, Transaction>();

  const abandon = async (id: string): Promise<void> => {
    const transaction = open.get(id);
    open.delete(id);
    clearTimeout(transaction?.timer);
    // Releasing rolls back whatever is open.
    await transaction?.release();
  };

  const watch = (id: string, transaction: { readonly born: number }) => {
    const left = transaction.born + LIFETIME - Date.now();
    return setTimeout(() => void abandon(id), Math.max(0, Math.min(idle, left))).unref();
  };

  const take = (id: string, target: Target): Transaction => {
    const transaction = open.get(id);
    const bound = transaction?.target;
    // Somebody else's transaction is answered as one that does not exist.
    if (!transaction || bound?.resourceArn !== target.resourceArn || bound.secretArn !== target.secretArn) {
      throw transactionNotFound(id);
    }
    if (target.database !== undefined && target.database !== bound.database) {
      throw badRequest('Database name is not the same as transaction database');
    }
    if (transaction.busy) throw transactionBusy();
    clearTimeout(transaction.timer);
    transaction.busy = true;
    return transaction;
  };

  return {
    begin: async (connection, target) => {
      try {
        await connection.client.query('BEGIN');
      } catch (error) {
        await connection.release();
        throw databaseFailure(error);
      }
      const id = randomUUID();
      const born = Date.now();
      open.set(id, { ...connection, target, born, busy: false, timer: watch(id, { born }) });
      return id;
    },
    use: async (id, target, work) => {
      const transaction = take(id, target);
      try {
        return await work(transaction);
      } catch (error) {
        if (isTooLarge(error)) await abandon(id);
        throw error;
      } finally {
        transaction.busy = false;
        if (open.has(id)) transaction.timer = watch(id, transaction);
      }
    },
    end: async (id, target, how) => {
      const transaction = take(id, target);
      open.delete(id);
      try {
        const { command } = await transaction.client.query(how);
        // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error. Nothing was saved: say so.
        if (command !== how) {
          const message = 'The database returned ROLLBACK, so the transaction cannot be committed';
          throw Object.assign(new Error(message), { code: '25P02' });
        }
      } catch (error) {
        throw databaseFailure(error);
      } finally {
        await transaction.release();
      }
    },
    close: async () => {
      await Promise.all([...open.keys()].map(abandon));
    },
  };
}

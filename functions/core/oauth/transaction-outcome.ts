import { ok, type Result } from '../result.ts';
import type { BrowserRefusal, TransactionFault } from './errors.ts';
import type { ConditionFailed, ItemCorrupt, StoreUnavailable } from './store.ts';
import type { Transaction } from './transaction.ts';

type Failure = ConditionFailed<Transaction> | StoreUnavailable | ItemCorrupt;

/**
 * The outcome of a step, with our own write recognised: an SDK that lost the answer repeats the write, whose condition
 * is then false because the first one was carried out. That is success, not somebody else's.
 */
export function ownWrite(
  written: Result<Transaction, Failure>,
  isOurs: (found: Transaction) => boolean,
): Result<Transaction, Failure> {
  if (written.ok || written.error.reason !== 'condition-failed') return written;
  const { found } = written.error;
  return found !== undefined && isOurs(found) ? ok(found) : written;
}

/** Why a step was refused: a false condition is explained by the item that made it false. */
export function transactionRefusal(
  error: Failure,
  fault: (found: Transaction | undefined) => TransactionFault,
): BrowserRefusal {
  return error.reason === 'condition-failed' ? { reason: 'transaction-refused', fault: fault(error.found) } : error;
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type { SqlValue } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { type Failed, failureOf } from './data-api-failure.ts';
import { type Decoded, decodeRows, encodeValues } from './data-api-values.ts';

/**
 * One cluster, as one login sees it: whoever the secret names is the database user.
 *
 * The client must be made with `maxAttempts: 1`. A retry behind our back could run a statement of a transaction twice;
 * what may be repeated is repeated here.
 */
export type DataApi = {
  readonly client: RDSDataClient;
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly database: string;
};

export type Transaction = {
  /** Runs one statement with `:p1` … bound. */
  readonly execute: (
    text: string,
    values: readonly SqlValue[],
    signal?: AbortSignal,
  ) => Promise<Result<Decoded, Failed>>;
  readonly commit: () => Promise<Result<true, Failed>>;
  /** Best effort and never an error: what is not rolled back here, PostgreSQL's and the service's idle limits end. */
  readonly rollback: () => Promise<void>;
};

export type Patience = {
  /** Milliseconds for the beginning, all attempts together. */
  readonly within: number;
  /** Whether to wait for a cluster that wakes from 0 ACU (about 15 s) or to say so at once. */
  readonly untilAwake: boolean;
  /** Milliseconds for each statement. */
  readonly perStatement?: number;
  readonly signal?: AbortSignal | undefined;
};

/** Above PostgreSQL's statement_timeout of 5 s and below the service's 45 s. */
const STATEMENT_LIMIT = 10_000;
const END_LIMIT = 5_000;
/** Attempts for faults that a moment may mend, not counting a cluster that is waking. */
const ATTEMPTS = 3;

/** Begins a transaction. Nothing has happened when it fails, so transient faults are tried again within the time given. */
export async function beginTransaction(
  api: DataApi,
  { within, untilAwake, perStatement = STATEMENT_LIMIT, signal }: Patience,
): Promise<Result<Transaction, Failed>> {
  const { client, clusterArn: resourceArn, secretArn, database } = api;
  const ends = performance.now() + within;
  for (let attempt = 1; ; attempt++) {
    const command = new BeginTransactionCommand({ resourceArn, secretArn, database });
    const begun = await answerOf(
      (abortSignal) => client.send(command, { abortSignal }),
      ends - performance.now(),
      signal,
    );
    if (begun.ok) return ok(transactionOf(api, begun.value.transactionId, perStatement));
    const waking = begun.error.reason === 'resuming';
    const again = waking ? untilAwake : begun.error.retry && attempt < ATTEMPTS;
    const pause = waking ? 2_000 : 100 * 2 ** attempt;
    if (!again || signal?.aborted || performance.now() + pause >= ends) return begun;
    await sleep(pause);
  }
}

function transactionOf(api: DataApi, transactionId: string | undefined, perStatement: number): Transaction {
  const { client, clusterArn: resourceArn, secretArn, database } = api;
  const target = { resourceArn, secretArn, transactionId };
  return {
    execute: async (sql, values, signal) => {
      const command = new ExecuteStatementCommand({
        ...target,
        database,
        sql,
        parameters: encodeValues(values),
        includeResultMetadata: true,
        resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
      });
      const answer = await answerOf((abortSignal) => client.send(command, { abortSignal }), perStatement, signal);
      return answer.ok ? decoded(answer.value) : answer;
    },
    commit: async () => {
      const command = new CommitTransactionCommand(target);
      const answer = await answerOf((abortSignal) => client.send(command, { abortSignal }), END_LIMIT);
      return answer.ok ? ok(true) : answer;
    },
    rollback: async () => {
      const command = new RollbackTransactionCommand(target);
      // A statement that nobody waits for any more may still run, and the service refuses a second call meanwhile.
      for (const pause of [100, 300, 0]) {
        const answer = await answerOf((abortSignal) => client.send(command, { abortSignal }), END_LIMIT);
        if (answer.ok || !answer.error.detail.includes('still running')) return;
        await sleep(pause);
      }
    },
  };
}

function decoded(answer: Parameters<typeof decodeRows>[0]): Result<Decoded, Failed> {
  try {
    return ok(decodeRows(answer));
  } catch (error) {
    const detail = (error as Error).message;
    return refuse({ reason: 'invalid', retry: false, detail, sqlState: undefined, answered: true });
  }
}

/** The answer, or what its failure means. Waits at most `limit` milliseconds, and no longer than the caller does. */
async function answerOf<T>(
  send: (signal: AbortSignal) => Promise<T>,
  limit: number,
  caller?: AbortSignal,
): Promise<Result<T, Failed>> {
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(limit)));
  try {
    return ok(await send(caller ? AbortSignal.any([caller, late]) : late));
  } catch (error) {
    const unknown = { retry: true, sqlState: undefined, answered: false } as const;
    if (caller?.aborted) return refuse({ ...unknown, reason: 'timeout', detail: 'the caller stopped waiting' });
    if (late.aborted) {
      return refuse({ ...unknown, reason: 'unavailable', detail: `no answer within ${Math.round(limit)} ms` });
    }
    return refuse(failureOf(error));
  }
}

import type pg from 'pg';
import { AwsError } from '../aws/aws-error.ts';
import type { Json, JsonObject } from '../template/json.ts';
import { columnMetadata } from './column-metadata.ts';
import { type Connection, createConnections, type Login } from './connections.ts';
import { clusterNotFound, invalidSecret, resultTooLarge, resuming, secretNotFound } from './failures.ts';
import { toField, toJson } from './fields.ts';
import { bindParameters } from './parameter-values.ts';
import { type ExecuteRequest, parseRequest, type Target } from './request.ts';
import { resultTypes } from './result-types.ts';
import { RESULT_LIMIT, runStatement, type StatementResult } from './statement.ts';
import { createTransactions } from './transactions.ts';

export type RdsData = {
  /**
   * Carries out one operation, named as IAM names it (`ExecuteStatement`). Whoever calls has already checked the
   * caller's rights on the cluster and on the secret. Aborting `signal` cancels the statement that runs.
   *
   * @throws AwsError as the service would answer.
   */
  readonly handle: (operation: string, input: unknown, signal?: AbortSignal) => Promise<Json>;
  /** Rolls back what is open and closes every connection. */
  readonly close: () => Promise<void>;
};

export type RdsDataOptions = {
  readonly host: string;
  readonly port: number;
  /** The one cluster there is. Undefined accepts any. */
  readonly clusterArn?: string;
  /** The database of a request that names none. */
  readonly database: string;
  /** The login a secret holds, or undefined when there is no such secret. It decides the database user. */
  readonly readSecret: (arn: string) => Promise<Partial<Login> | undefined>;
  /** Answers every call as a cluster at 0 ACU does, while it returns true. */
  readonly paused?: () => boolean;
  /** Milliseconds; the service's own limits when absent. */
  readonly statementTimeout?: number;
  readonly transactionIdle?: number;
};

/** ExecuteStatement: "By default, a call times out if it's not finished processing within 45 seconds." */
const STATEMENT_TIMEOUT = 45_000;

/** The RDS Data API of one Aurora cluster, over a real PostgreSQL. */
export function createRdsData(options: RdsDataOptions): RdsData {
  const connections = createConnections({ host: options.host, port: options.port });
  const transactions = createTransactions(options.transactionIdle);

  const login = async (target: Target): Promise<Connection> => {
    if (options.clusterArn !== undefined && target.resourceArn !== options.clusterArn) {
      throw clusterNotFound(target.resourceArn);
    }
    const secret = await options.readSecret(target.secretArn);
    if (secret === undefined) throw secretNotFound();
    const { username, password } = secret;
    if (!username || !password) throw invalidSecret();
    return connections.open({ username, password }, target.database ?? options.database);
  };

  const execute = async (request: ExecuteRequest, signal?: AbortSignal): Promise<Json> => {
    const statement = bindParameters(request.sql, request.parameters);
    const timeout = options.statementTimeout ?? STATEMENT_TIMEOUT;
    const work = async ({ client }: Connection) =>
      answer(client, request, await runStatement(client, statement, timeout, signal));
    if (request.transactionId !== undefined) return transactions.use(request.transactionId, request, work);
    const connection = await login(request);
    try {
      return await work(connection);
    } finally {
      await connection.release();
    }
  };

  return {
    handle: async (operation, input, signal) => {
      if (options.paused?.()) throw resuming();
      switch (operation) {
        case 'ExecuteStatement':
          return execute(parseRequest('execute', input), signal);
        case 'BeginTransaction': {
          const request = parseRequest('begin', input);
          const target = { ...request, database: request.database ?? options.database };
          return { transactionId: await transactions.begin(await login(target), target) };
        }
        case 'CommitTransaction': {
          const request = parseRequest('end', input);
          await transactions.end(request.transactionId, request, 'COMMIT');
          return { transactionStatus: 'Transaction Committed' };
        }
        case 'RollbackTransaction': {
          const request = parseRequest('end', input);
          await transactions.end(request.transactionId, request, 'ROLLBACK');
          return { transactionStatus: 'Rollback Complete' };
        }
        default:
          throw new AwsError('UnknownOperationException', `The local cloud does not model rds-data:${operation}.`, 404);
      }
    },
    close: async () => {
      await transactions.close();
      await connections.close();
    },
  };
}

/** The answer to ExecuteStatement. `generatedFields` is always empty on PostgreSQL: use RETURNING. */
async function answer(client: pg.ClientBase, request: ExecuteRequest, result: StatementResult): Promise<JsonObject> {
  const { command, columns, rows, rowCount } = result;
  const base = { numberOfRecordsUpdated: command === 'SELECT' ? 0 : rowCount, generatedFields: [] };
  if (columns.length === 0) return base;
  const types = await resultTypes(
    client,
    columns.map((column) => column.dataTypeID),
  );
  const each = <T>(convert: (cell: string | null, type: (typeof types)[number], index: number) => T) =>
    rows.map((row) => row.map((cell, index) => convert(cell, types[index] as (typeof types)[number], index)));
  const records =
    request.formatRecordsAs === 'JSON' && command === 'SELECT'
      ? {
          formattedRecords: JSON.stringify(
            each((cell, type, i) => [columns[i]?.name, toJson(cell, type)]).map(Object.fromEntries),
          ),
        }
      : { records: each((cell, type) => toField(cell, type, request.resultSetOptions)) };
  if (Buffer.byteLength(JSON.stringify(records)) > RESULT_LIMIT) throw resultTooLarge('1 MB');
  if (!request.includeResultMetadata) return { ...base, ...records };
  return { ...base, ...records, columnMetadata: await columnMetadata(client, columns, types) };
}

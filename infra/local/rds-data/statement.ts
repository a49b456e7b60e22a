import { connect } from 'node:net';
import pg from 'pg';
import { databaseFailure, resultTooLarge, timedOut } from './failures.ts';
import type { Cell } from './fields.ts';
import type { BoundStatement } from './parameter-values.ts';

export type StatementResult = {
  readonly command: string;
  readonly rowCount: number;
  readonly columns: readonly pg.FieldDef[];
  readonly rows: readonly (readonly Cell[])[];
};

/** Aurora User Guide, "Limitations for the Amazon RDS Data API". */
export const RESULT_LIMIT = 1_048_576;
const ROW_LIMIT = 65_536;

const rawText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

/**
 * Runs one statement by the extended protocol, which takes one only. Rows are counted as they come, so a result that is
 * too large is cut off at the limit and not collected first. After `timeout` milliseconds, or when `signal` aborts, the
 * server is asked to cancel.
 *
 * @throws AwsError
 */
export async function runStatement(
  client: pg.ClientBase,
  statement: BoundStatement,
  timeout: number,
  signal?: AbortSignal,
): Promise<StatementResult> {
  let stopped: Error | undefined;
  let cancelled: Promise<void> | undefined;
  const stop = (reason: Error) => {
    stopped ??= reason;
    cancelled ??= cancel(client);
  };
  const late = setTimeout(() => stop(timedOut()), timeout);
  const gone = () => stop(timedOut());
  signal?.addEventListener('abort', gone, { once: true });
  try {
    return await collect(client, statement, stop);
  } catch (error) {
    throw stopped ?? databaseFailure(error);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', gone);
    // A cancellation that is still on its way would hit the next statement of this connection.
    await cancelled;
  }
}

function collect(
  client: pg.ClientBase,
  statement: BoundStatement,
  stop: (reason: Error) => void,
): Promise<StatementResult> {
  const rows: Cell[][] = [];
  let bytes = 0;
  const config = {
    ...statement,
    values: [...statement.values],
    types: rawText,
    rowMode: 'array',
    queryMode: 'extended',
  };
  const query = new pg.Query(config as pg.QueryConfig);
  return new Promise((resolve, reject) => {
    let refused: Error | undefined;
    const refuse = (reason: Error) => {
      refused ??= reason;
      rows.length = 0;
      stop(reason);
    };
    query.on('row', (row: unknown) => {
      if (refused !== undefined) return;
      const size = (row as Cell[]).reduce((sum, cell) => sum + (cell === null ? 0 : Buffer.byteLength(cell)), 0);
      bytes += size;
      rows.push(row as Cell[]);
      if (size > ROW_LIMIT) refuse(resultTooLarge('64 KB per row'));
      else if (bytes > RESULT_LIMIT) refuse(resultTooLarge('1 MB'));
    });
    query.on('error', (error) => reject(refused ?? error));
    query.on('end', ({ command, rowCount, fields }) => {
      // The statement may finish before the cancellation arrives; its result is refused all the same.
      if (refused === undefined) resolve({ command, rowCount: rowCount ?? 0, columns: fields ?? [], rows });
      else reject(refused);
    });
    client.query(query);
  });
}

/**
 * Asks the server to cancel what the connection runs: a CancelRequest on a connection of its own, with the key that the
 * server gave at login (PostgreSQL manual, 53.2.8). Resolves when the server has closed it, which it does after the
 * signal is sent; a session that runs nothing by then ignores it.
 */
function cancel(client: pg.ClientBase): Promise<void> {
  const { host, port, processID, secretKey } = client as pg.Client & { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((word, index) => {
    request.writeInt32BE(word, index * 4);
  });
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume().end(request);
  });
}

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../functions/core/sql/statement.ts';
import { SqlRefusal } from '../../functions/core/tools/context.ts';
import type { Execute } from '../../functions/core/tools/write.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aCaller } from '../support/callers.ts';
import { HANG_UP } from '../support/data-api-server.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aWriter } from '../support/sql.ts';

let database: TestDatabase;
let write: ReturnType<typeof aWriter>;
beforeAll(async () => {
  database = await startMigratedDatabase();
  write = aWriter(database);
});
afterEach(() => {
  database.paused = false;
  database.api.fault = undefined;
  database.api.calls.length = 0;
});
afterAll(() => database.stop());

const ada = aCaller();
const TICKET = '00000000-0000-4000-8000-000000e00001';
const addNote = (request: string) =>
  sql`INSERT INTO app.notes (ticket_id, body, request_id) VALUES (${TICKET}::uuid, ${'A note'}, ${request}) RETURNING id::text AS id`;
const notes = async (request: string) =>
  (await database.asSuperuser('SELECT tenant, author FROM app.notes WHERE request_id = $1', [request])) as unknown[];
const operations = () => database.api.calls.map((call) => call.operation);
const signal = () => new AbortController().signal;

/** Lets the service carry out an operation and loses, or replaces, its answer. */
const spoil = (operation: string, how: 'lost' | AwsError) => {
  database.api.fault = async (call, serve) => {
    if (call.operation !== operation) return serve();
    if (how instanceof AwsError) throw how;
    await serve();
    throw HANG_UP;
  };
};

test('statements share one transaction, which is committed when the work is done', async () => {
  const ended = await write(
    ada,
    async (execute) => {
      const added = await execute(addNote('one'));
      const counted = await execute(sql`SELECT count(*) AS n FROM app.notes WHERE request_id = ${'one'}`);
      return [added.ok, counted.ok && counted.value];
    },
    signal(),
  );
  expect(ended).toEqual({ end: 'committed', value: [true, [{ n: 1 }]] });
  expect(operations()).toEqual([
    'BeginTransaction',
    'ExecuteStatement',
    'ExecuteStatement',
    'ExecuteStatement',
    'CommitTransaction',
  ]);
  expect(await notes('one')).toEqual([{ tenant: 'north', author: 'ada' }]);
});

test('an error of the work rolls back and comes back', async () => {
  const error = new Error('changed my mind');
  const ended = await write(
    ada,
    async (execute) => {
      await execute(addNote('two'));
      throw error;
    },
    signal(),
  );
  expect(ended).toEqual({ end: 'rolled-back', error });
  expect(operations().at(-1)).toBe('RollbackTransaction');
  expect(await notes('two')).toEqual([]);
});

test('a failed statement rolls back even when the work goes on as if it had not failed', async () => {
  const ended = await write(
    ada,
    async (execute) => {
      await execute(addNote('three'));
      const failed = await execute(sql`DELETE FROM app.notes`);
      const after = await execute(addNote('three-b'));
      return [failed.ok, after.ok];
    },
    signal(),
  );
  expect(ended).toMatchObject({ end: 'rolled-back', error: { failure: { reason: 'denied', sqlState: '42501' } } });
  expect(await notes('three')).toEqual([]);
  expect(operations().filter((operation) => operation === 'ExecuteStatement')).toHaveLength(3);
});

test('a request that is delivered twice is written once', async () => {
  const once = () => write(ada, (execute) => execute(addNote('twice')), signal());
  expect(await once()).toMatchObject({ end: 'committed' });
  expect(await once()).toMatchObject({ end: 'rolled-back', error: { failure: { sqlState: '23505' } } });
  expect(await notes('twice')).toHaveLength(1);
});

test('statements that are asked for at once run one after the other', async () => {
  const ended = await write(
    ada,
    async (execute) => {
      const all = await Promise.all([1, 2, 3, 4].map((n) => execute(sql`SELECT ${n} AS n`)));
      return all.map((answer) => answer.ok);
    },
    signal(),
  );
  expect(ended).toEqual({ end: 'committed', value: [true, true, true, true] });
});

test('work that ends does not leave a statement behind: what it started is committed with it', async () => {
  const ended = await write(ada, async (execute) => void execute(addNote('unawaited')), signal());
  expect(ended.end).toBe('committed');
  expect(await notes('unawaited')).toHaveLength(1);
});

test('a statement asked for after the end is refused and reaches nobody', async () => {
  let late: Execute | undefined;
  await write(
    ada,
    async (execute) => {
      late = execute;
    },
    signal(),
  );
  const before = operations().length;
  expect(await late?.(addNote('late'))).toMatchObject({ ok: false, error: { reason: 'invalid' } });
  expect(operations()).toHaveLength(before);
});

test('a commit whose answer is lost ends as unknown, and it was kept', async () => {
  spoil('CommitTransaction', 'lost');
  const ended = await write(ada, (execute) => execute(addNote('lost')), signal());
  expect(ended.end).toBe('unknown');
  expect(await notes('lost')).toHaveLength(1);
});

test.each([
  ['InternalServerErrorException', 500, 'unknown'],
  ['ServiceUnavailableError', 503, 'unknown'],
  ['StatementTimeoutException', 400, 'unknown'],
  ['TransactionNotFoundException', 404, 'rolled-back'],
  ['AccessDeniedException', 403, 'rolled-back'],
])('a commit answered with %s ends as it must', async (code, status, end) => {
  spoil('CommitTransaction', new AwsError(code, 'no', status));
  const ended = await write(ada, (execute) => execute(addNote(code)), signal());
  expect(ended.end).toBe(end);
  expect(operations().filter((operation) => operation === 'CommitTransaction')).toHaveLength(1);
});

test('a statement is never sent a second time', async () => {
  spoil('ExecuteStatement', new AwsError('ServiceUnavailableError', 'no', 503));
  const ended = await write(ada, (execute) => execute(addNote('again')), signal());
  expect(ended).toMatchObject({ end: 'rolled-back', error: { failure: { reason: 'unavailable' } } });
  expect(operations()).toEqual(['BeginTransaction', 'ExecuteStatement', 'RollbackTransaction']);
});

test('a call that is out of time before the commit is rolled back', async () => {
  const stop = new AbortController();
  const ended = await write(
    ada,
    async (execute) => {
      await execute(addNote('late-commit'));
      stop.abort();
    },
    stop.signal,
  );
  expect(ended.end).toBe('rolled-back');
  expect(await notes('late-commit')).toEqual([]);
});

test('a cluster that wakes up ends as rolled back, with the reason', async () => {
  database.paused = true;
  const ended = await write(ada, (execute) => execute(addNote('asleep')), signal());
  expect(ended.end === 'rolled-back' && ended.error).toBeInstanceOf(SqlRefusal);
  expect(ended).toMatchObject({ error: { failure: { reason: 'resuming', retry: true } } });
});

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../functions/core/sql/statement.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aCaller } from '../support/callers.ts';
import { SECRETS, type TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';

let database: TestDatabase;
let read: ReturnType<typeof aReader>;
beforeAll(async () => {
  database = await startMigratedDatabase();
  read = aReader(database);
});
afterEach(() => {
  database.paused = false;
  database.api.fault = undefined;
  database.api.calls.length = 0;
});
afterAll(() => database.stop());

const ada = aCaller();
const operations = () => database.api.calls.map((call) => call.operation);

test('a read is begin, settings, one statement and rollback, never a commit', async () => {
  const answer = await read(ada, sql`SELECT count(*) AS n FROM app.orders`);
  expect(answer).toEqual({ ok: true, value: [{ n: 24 }] });
  expect(operations()).toEqual(['BeginTransaction', 'ExecuteStatement', 'ExecuteStatement', 'RollbackTransaction']);
});

test('a result is whole or refused: what is larger than the service returns is read in pages, by a key', async () => {
  const roomy = aReader(database, { maxRows: 10_000, maxBytes: 10_000_000 });
  const all = 24;
  const page = (after: number, limit: number) => sql`
    SELECT n, repeat('x', 60000) AS text FROM generate_series(1, ${all}) AS n
     WHERE n > ${after} ORDER BY n LIMIT ${limit}`;
  // 24 rows of 60,000 bytes are more than the 1 MiB of one answer.
  expect(await roomy(ada, page(0, all))).toMatchObject({ ok: false, error: { reason: 'too-large', retry: false } });
  const seen: unknown[] = [];
  for (let last = 0; last < all; last = Number(seen.at(-1))) {
    const answer = await roomy(ada, page(last, 10));
    if (!answer.ok) throw new Error(answer.error.detail);
    seen.push(...answer.value.map(({ n }) => n));
  }
  expect(seen).toEqual(Array.from({ length: all }, (_, index) => index + 1));
});

test('a statement that is no single SELECT never reaches the database', async () => {
  for (const statement of [sql`DELETE FROM app.notes`, sql`SELECT 1; SELECT 2`, sql`COMMIT`]) {
    expect(await read(ada, statement)).toMatchObject({ ok: false, error: { reason: 'invalid', retry: false } });
  }
  expect(operations()).toEqual([]);
});

test('too many rows, too many bytes and more than the service returns are too large', async () => {
  const few = aReader(database, { maxRows: 3, maxBytes: 1_000 });
  expect((await few(ada, sql`SELECT n FROM generate_series(1, 3) AS n`)).ok).toBe(true);
  for (const statement of [
    sql`SELECT n FROM generate_series(1, 4) AS n`,
    sql`SELECT repeat('x', 1001) AS text`,
    sql`SELECT repeat('x', 1000) AS text FROM generate_series(1, 2000)`,
    sql`SELECT repeat('x', 70000) AS text`,
  ]) {
    expect(await few(ada, statement)).toMatchObject({ ok: false, error: { reason: 'too-large', retry: false } });
  }
});

test.each([
  ['an error in the statement', sql`SELECT nothing FROM app.orders`, 'invalid', '42703', false],
  ['a value that does not fit', sql`SELECT ${'x'}::int AS n`, 'invalid', '22P02', false],
  ['a table that is not granted', sql`SELECT * FROM gatehouse.row_context_keys`, 'denied', '42501', false],
  ['a column that is not granted', sql`SELECT phone FROM app.customers`, 'denied', '42501', false],
  ['a write that PostgreSQL allows everybody', sql`SELECT lo_create(0)::text AS oid`, 'denied', '25006', false],
  ['a slow statement', sql`SELECT pg_sleep(20)::text AS s`, 'timeout', '57014', false],
] as const)('%s is answered with its SQLSTATE, and rolled back', async (_what, statement, reason, sqlState, retry) => {
  const before = performance.now();
  expect(await read(ada, statement)).toMatchObject({ ok: false, error: { reason, sqlState, retry } });
  expect(performance.now() - before).toBeLessThan(7_000);
  expect(operations().at(-1)).toBe('RollbackTransaction');
});

test('a cluster that wakes up is answered at once, and may be asked again', async () => {
  database.paused = true;
  const before = performance.now();
  expect(await read(ada, sql`SELECT 1 AS n`)).toMatchObject({ ok: false, error: { reason: 'resuming', retry: true } });
  expect(performance.now() - before).toBeLessThan(1_000);
});

test('a service that does not answer is given up', async () => {
  database.api.fault = () => new Promise(() => undefined);
  const impatient = aReader(database, { patience: 500 });
  const before = performance.now();
  expect(await impatient(ada, sql`SELECT 1 AS n`)).toMatchObject({
    ok: false,
    error: { reason: 'unavailable', retry: true },
  });
  expect(performance.now() - before).toBeLessThan(1_000);
});

test('a passing fault of the service is tried again, a lasting one only so often', async () => {
  let faults = 2;
  database.api.fault = (_call, serve) => {
    if (faults-- > 0) throw new AwsError('ServiceUnavailableError', 'try later', 503);
    return serve();
  };
  expect((await read(ada, sql`SELECT 1 AS n`)).ok).toBe(true);
  database.api.calls.length = 0;
  faults = Number.POSITIVE_INFINITY;
  expect(await read(ada, sql`SELECT 1 AS n`)).toMatchObject({
    ok: false,
    error: { reason: 'unavailable', retry: true },
  });
  expect(operations().length).toBeLessThanOrEqual(6);
});

test('a transaction lost under a read is begun again once', async () => {
  let lost = false;
  database.api.fault = (call, serve) => {
    const query = String(call.input.sql ?? '').includes('AS n');
    if (query && !lost) {
      lost = true;
      throw new AwsError('TransactionNotFoundException', 'Transaction is not found', 404);
    }
    return serve();
  };
  expect(await read(ada, sql`SELECT 1 AS n`)).toEqual({ ok: true, value: [{ n: 1 }] });
  expect(operations().filter((operation) => operation === 'BeginTransaction')).toHaveLength(2);
});

test('IAM saying no is a denial, and is not tried again', async () => {
  database.api.fault = () => Promise.reject(new AwsError('AccessDeniedException', 'not authorized', 403));
  expect(await read(ada, sql`SELECT 1 AS n`)).toMatchObject({ ok: false, error: { reason: 'denied', retry: false } });
  expect(operations()).toEqual(['BeginTransaction']);
});

test('a caller who stops waiting stops the read, and nothing stays open', async () => {
  const gone = new AbortController();
  const answer = read(ada, sql`SELECT pg_sleep(4)::text AS s`, gone.signal);
  await expect.poll(() => operations().length).toBe(3);
  gone.abort();
  expect(await answer).toMatchObject({ ok: false, error: { reason: 'timeout' } });
  const open = () =>
    database.asSuperuser("SELECT 1 FROM pg_stat_activity WHERE usename = 'mcp_reader' AND state <> 'idle'");
  await expect.poll(async () => (await open()).length, { timeout: 3_000 }).toBe(0);
});

test('a secret that cannot be read is a failure, not a crash', async () => {
  const broken = aReader(database, { contextKey: () => Promise.reject(new Error('no such secret')) });
  expect(await broken(ada, sql`SELECT 1 AS n`)).toMatchObject({ ok: false, error: { reason: 'unavailable' } });
  expect(operations()).toEqual([]);
});

test('the reader asks as mcp_reader, whatever the statement says', async () => {
  expect(await read(ada, sql`SELECT session_user::text AS session, current_user::text AS current`)).toEqual({
    ok: true,
    value: [{ session: 'mcp_reader', current: 'mcp_reader' }],
  });
  expect(new Set(database.api.calls.map((call) => call.input.secretArn))).toEqual(new Set([SECRETS.reader]));
});

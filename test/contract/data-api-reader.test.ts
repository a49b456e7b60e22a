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

test('every value arrives in the type a tool works with', async () => {
  const answer = await read(
    ada,
    sql`SELECT 1::int4 AS small, 9007199254740991::int8 AS edge, 9223372036854775807::int8 AS big, -9007199254740993::int8 AS low,
               1.50::numeric AS amount, 0.5::float8 AS half, true AS yes, NULL::text AS nothing, 'text' AS words,
               '2026-02-28 10:11:12.5+02'::timestamptz AS moment, '2026-02-28 10:11:12'::timestamp AS wall,
               '2026-02-28'::date AS day, 'infinity'::timestamptz AS never, '{"a":1}'::jsonb AS doc,
               '00000000-0000-4000-8000-000000000001'::uuid AS id, '\\x00ff'::bytea AS bytes,
               ARRAY['a', NULL] AS texts, ARRAY[1, 2] AS numbers, '12345678901234567890' AS digits`,
  );
  expect(answer).toEqual({
    ok: true,
    value: [
      {
        small: 1,
        edge: 9007199254740991,
        big: 9223372036854775807n,
        low: -9007199254740993n,
        amount: '1.50',
        half: 0.5,
        yes: true,
        nothing: null,
        words: 'text',
        moment: '2026-02-28T08:11:12.5Z',
        wall: '2026-02-28T10:11:12',
        day: '2026-02-28',
        never: 'infinity',
        doc: '{"a": 1}',
        id: '00000000-0000-4000-8000-000000000001',
        bytes: Uint8Array.from([0, 255]),
        texts: ['a', null],
        numbers: [1, 2],
        digits: '12345678901234567890',
      },
    ],
  });
});

test('every value goes in as what it is', async () => {
  const quoted = 'O\'Brien "x" \\ {a,b} NULL \u{1f600}';
  const answer = await read(
    ada,
    sql`SELECT ${quoted} AS text, ${42} AS whole, ${-0.25} AS half, ${9223372036854775807n}::int8 AS big, ${false} AS no,
               ${null}::text AS nothing, ${Uint8Array.from([1, 2, 255])} AS bytes, ${[quoted, null, '']}::text[] AS texts,
               ${[1, 2]}::int[] AS numbers, ${[]}::text[] AS none, 2 = ANY(${[1, 2, 3]}::int[]) AS found`,
  );
  expect(answer).toEqual({
    ok: true,
    value: [
      {
        text: quoted,
        whole: 42,
        half: -0.25,
        big: 9223372036854775807n,
        no: false,
        nothing: null,
        bytes: Uint8Array.from([1, 2, 255]),
        texts: [quoted, null, ''],
        numbers: [1, 2],
        none: [],
        found: true,
      },
    ],
  });
});

test('a column named __proto__ is a column', async () => {
  const answer = await read(ada, sql`SELECT 'x' AS "__proto__"`);
  expect(answer.ok && Object.keys(answer.value[0] ?? {})).toEqual(['__proto__']);
});

test('two columns of one name are refused, since one would hide the other', async () => {
  const answer = await read(ada, sql`SELECT 1 AS id, 2 AS id`);
  expect(answer).toMatchObject({ ok: false, error: { reason: 'invalid', detail: expect.stringContaining('"id"') } });
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

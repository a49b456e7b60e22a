import { ExecuteStatementCommand, type ExecuteStatementCommandInput } from '@aws-sdk/client-rds-data';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CLUSTER, SECRETS, startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase({ statementTimeout: 2_500 });
});
afterEach(() => {
  database.paused = false;
});
afterAll(() => database.stop());

const target = { resourceArn: CLUSTER, secretArn: SECRETS.admin };
const run = (sql: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
  database.client.send(new ExecuteStatementCommand({ ...target, sql, ...more }));
const field = async (sql: string, more?: Partial<ExecuteStatementCommandInput>) =>
  (await run(sql, more)).records?.[0]?.[0];

test('two statements in one call are refused and neither runs', async () => {
  await expect(run('CREATE TABLE one (); CREATE TABLE two ()')).rejects.toMatchObject({
    name: 'ValidationException',
    message: "Multistatements aren't supported.",
  });
  expect(await field("SELECT count(*) FROM pg_class WHERE relname IN ('one', 'two')")).toEqual({ longValue: 0 });
});

test('an error of the database carries its text, position and SQLState', async () => {
  await expect(run('SELECT 1 FROM nowhere')).rejects.toMatchObject({
    name: 'DatabaseErrorException',
    message: 'ERROR: relation "nowhere" does not exist\n  Position: 15; SQLState: 42P01',
  });
});

test('what one call sets, the next does not find', async () => {
  await run("SELECT set_config('app.left', 'behind', false)");
  await run('SET default_transaction_read_only = on');
  await run('CREATE TABLE writable ()');
  await run('CREATE TEMP TABLE leftover ()');
  await run('BEGIN');
  await run('CREATE TABLE commits_alone ()');
  const left = "SELECT to_regclass('pg_temp.leftover')::text, to_regclass('commits_alone')::text";
  expect((await run(left)).records).toEqual([[{ isNull: true }, { stringValue: 'commits_alone' }]]);
});

test('a result beyond 1 MiB and a row beyond 64 KB are cut off', async () => {
  const tooLarge = { name: 'UnsupportedResultException', message: expect.stringContaining('exceeds the size limit') };
  await expect(run("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")).rejects.toMatchObject(tooLarge);
  await expect(run("SELECT repeat('x', 70000)")).rejects.toMatchObject(tooLarge);
  // Control characters grow sixfold in JSON, so the limit is on what leaves, not on what the database held.
  await expect(run("SELECT repeat(E'\\x01', 1000) FROM generate_series(1, 300)")).rejects.toMatchObject(tooLarge);
  expect((await run("SELECT repeat('x', 1000) FROM generate_series(1, 900)")).records).toHaveLength(900);
});

/** A record of one text is `[{"stringValue":"…"}]`, twenty bytes around it; the list is `{"records":[…]}`. */
const recordsOf = (rows: number, size: number) => {
  const first = size - 14 - rows * 20 - (rows - 1) - (rows - 1) * 50_000;
  return `SELECT repeat('x', CASE WHEN n = 1 THEN ${first} ELSE 50000 END) FROM generate_series(1, ${rows}) AS n`;
};

test('exactly 1 MiB is returned, and one byte more is not', async () => {
  const { records = [] } = await run(recordsOf(21, 1_048_576));
  expect(Buffer.byteLength(JSON.stringify({ records }))).toBe(1_048_576);
  await expect(run(recordsOf(21, 1_048_577))).rejects.toMatchObject({ name: 'UnsupportedResultException' });
});

test('a row of exactly 64 KB is returned, and one byte more is not, in one column or in several', async () => {
  expect((await run("SELECT repeat('x', 65536)")).records?.[0]?.[0]?.stringValue).toHaveLength(65_536);
  expect((await run("SELECT repeat('x', 32768), repeat('y', 32768), NULL")).records?.[0]).toHaveLength(3);
  for (const row of ["repeat('x', 65537)", "repeat('x', 32768), repeat('y', 32769)", "repeat('é', 32769)"]) {
    await expect(run(`SELECT ${row}`)).rejects.toMatchObject({
      name: 'UnsupportedResultException',
      message: 'The result exceeds the size limit 64 KB per row.',
    });
  }
});

test('a statement that runs too long is cancelled in the database', async () => {
  await expect(run('SELECT pg_sleep(30) IS NULL')).rejects.toMatchObject({ name: 'StatementTimeoutException' });
  const [row] = await database.asSuperuser(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'  AND state = 'active'",
  );
  expect(row).toEqual({ n: 0 });
});

test('a client that goes away takes its statement with it', async () => {
  const gone = new AbortController();
  const call = database.client.send(
    new ExecuteStatementCommand({ ...target, sql: 'SELECT pg_sleep(2) IS NULL AS gone' }),
    {
      abortSignal: gone.signal,
    },
  );
  const active = async () =>
    (await database.asSuperuser("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%AS gone' AND state = 'active'"))
      .length;
  await expect.poll(active).toBe(1);
  gone.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(active, { timeout: 1_500, interval: 20 }).toBe(0);
});

test('the user is the one of the secret, and a wrong secret is an error of its own', async () => {
  expect(await field('SELECT session_user::text')).toEqual({ stringValue: 'gatehouse_admin' });
  await expect(run('SELECT 1', { secretArn: 'arn:aws:secretsmanager:::nothing' })).rejects.toMatchObject({
    name: 'SecretsErrorException',
  });
  await expect(run('SELECT 1', { secretArn: SECRETS.reader })).rejects.toMatchObject({
    name: 'BadRequestException',
    message: 'FATAL: password authentication failed for user "mcp_reader"; SQLState: 28P01',
  });
  await expect(run('SELECT 1', { resourceArn: 'arn:aws:rds:::cluster:other' })).rejects.toMatchObject({
    name: 'HttpEndpointNotEnabledException',
  });
  await expect(run('SELECT 1', { database: 'nothing' })).rejects.toMatchObject({
    message: expect.stringContaining('SQLState: 3D000'),
  });
});

test.each([
  ['a schema', { schema: 'public' }],
  ['continueAfterTimeout', { continueAfterTimeout: true }],
  ['a text beyond 65536 characters', { sql: `SELECT '${'x'.repeat(65_536)}'` }],
])('%s is refused, not ignored', async (_what, more) => {
  await expect(run('SELECT 1', more)).rejects.toMatchObject({ name: 'BadRequestException' });
});

test('a cluster at 0 ACU answers that it is resuming', async () => {
  database.paused = true;
  await expect(run('SELECT 1')).rejects.toMatchObject({ name: 'DatabaseResumingException' });
});

test('sixty calls at once share the pool and all come back', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => field(`SELECT ${n}`)));
  expect(answers).toEqual(Array.from({ length: 60 }, (_, n) => ({ longValue: n })));
});

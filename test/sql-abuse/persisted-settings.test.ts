import { BeginTransactionCommand, ExecuteStatementCommand } from '@aws-sdk/client-rds-data';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rowContextKey, signRowContext } from '../../functions/adapters/row-context.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { aCaller } from '../support/callers.ts';
import { CLUSTER, DATABASE, type Login, SECRETS } from '../support/database.ts';
import { aReader, aWriter, systemClock } from '../support/sql.ts';
import { type AbusedDatabase, changesBetween, startAbusedDatabase } from './abused-database.ts';

/**
 * A login may change its own settings, and the text COMMIT keeps them although the function that asks may not commit. So
 * every setting that weakens a read is kept here that way, and the next read must not feel it.
 */
const alice = aCaller({ subject: 'alice' });

let database: AbusedDatabase;
beforeAll(async () => {
  database = await startAbusedDatabase();
  // The worst case of a search path: functions that answer for PostgreSQL's own, which the login itself cannot make.
  await database.asSuperuser('CREATE SCHEMA evil');
  await database.asSuperuser(
    "CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT $2'",
  );
  await database.asSuperuser("CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$SELECT 'shadowed'$$");
  await database.asSuperuser("CREATE FUNCTION evil.octet_length(text) RETURNS int LANGUAGE sql AS 'SELECT 0'");
  await database.asSuperuser('GRANT USAGE ON SCHEMA evil TO mcp_reader, mcp_writer');
});
afterEach(async () => {
  for (const role of ['mcp_reader', 'mcp_writer']) await database.asSuperuser(`ALTER ROLE ${role} RESET ALL`);
  await database.asSuperuser('ALTER ROLE mcp_reader SET default_transaction_read_only = on');
  await endSessions();
});
afterAll(() => database?.stop());

/** A session has the settings that it began with. */
async function endSessions(): Promise<void> {
  const open = "FROM pg_stat_activity WHERE usename IN ('mcp_reader', 'mcp_writer')";
  await database.asSuperuser(`SELECT pg_terminate_backend(pid) ${open}`);
  await expect.poll(async () => (await database.asSuperuser(`SELECT 1 ${open}`)).length).toBe(0);
}

/** As a bug in the function could: a transaction that is made writable, and ended by text. */
async function keep(settings: Readonly<Record<string, string>>, secretArn: string = SECRETS.reader): Promise<void> {
  const target = { resourceArn: CLUSTER, secretArn, database: DATABASE };
  const { transactionId } = await database.client.send(new BeginTransactionCommand(target));
  const changes = Object.entries(settings).map(([name, value]) => `ALTER ROLE CURRENT_USER SET ${name} = ${value}`);
  for (const text of ['SET TRANSACTION READ WRITE', ...changes, 'COMMIT']) {
    await database.client.send(new ExecuteStatementCommand({ ...target, transactionId, sql: text }));
  }
  const role = secretArn === SECRETS.reader ? 'mcp_reader' : 'mcp_writer';
  const [{ kept } = { kept: [] }] = await database.asSuperuser(
    'SELECT setconfig AS kept FROM pg_db_role_setting WHERE setrole = $1::regrole',
    [role],
  );
  for (const name of Object.keys(settings)) expect(String(kept)).toContain(`${name}=`);
  await endSessions();
}

const contextOf = (subject: string) =>
  signRowContext(
    rowContextKey(database.logins.get(SECRETS.reader) as Login),
    aCaller({ subject }),
    systemClock.seconds(),
  );

const AS_ASSERTED = {
  read_only: 'on',
  path: '"$user", public',
  row_security: 'on',
  strings: 'on',
  statement: '5s',
  lock: '1s',
  idle: '10s',
};
const asSeen = sql`
  SELECT current_setting('transaction_read_only') AS read_only, current_setting('search_path') AS path,
         current_setting('row_security') AS row_security, current_setting('standard_conforming_strings') AS strings,
         current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
         current_setting('idle_in_transaction_session_timeout') AS idle`;

const HOSTILE: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'off',
  search_path: 'evil, pg_catalog',
  row_security: 'off',
  default_transaction_isolation: "'read uncommitted'",
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  standard_conforming_strings: 'off',
  backslash_quote: 'on',
  transform_null_equals: 'on',
  array_nulls: 'off',
  client_encoding: "'SQL_ASCII'",
  default_transaction_deferrable: 'on',
};

test.each<readonly [string, Readonly<Record<string, string>>]>([
  ...Object.entries(HOSTILE).map(([name, value]) => [`${name} = ${value}`, { [name]: value }] as const),
  ["default_transaction_isolation = 'serializable'", { default_transaction_isolation: "'serializable'" }],
  ['a row context of somebody else', {}],
  ['all of them', HOSTILE],
])('%s, kept by the login itself, changes nothing of the next read', async (what, settings) => {
  const forged = what === 'a row context of somebody else' || settings === HOSTILE;
  // A login may not keep this one itself. Somebody else's hand could.
  if (forged) await database.asSuperuser(`ALTER ROLE mcp_reader SET app.ctx = '${contextOf('bob')}'`);
  await keep(settings);
  const before = await database.state();
  const read = aReader(database);

  expect(await read(alice, asSeen)).toEqual({ ok: true, value: [AS_ASSERTED] });
  const orders = await read(alice, sql`SELECT DISTINCT owner FROM app.orders`);
  expect(orders).toEqual({ ok: true, value: [{ owner: 'alice' }] });
  expect(await read(alice, sql`SELECT lower('A') AS low`)).toEqual({ ok: true, value: [{ low: 'a' }] });
  const first = await read(alice, sql`SELECT repeat('x', 2000) AS text FROM generate_series(1, 900)`, undefined, 1_000);
  expect(first.ok ? 'whole' : first.error.part?.length).toBe(130);
  for (const write of [sql`SELECT lo_create(4711)::text AS oid`, sql`SELECT lo_from_bytea(0, 'x')::text AS oid`]) {
    expect(await read(alice, write)).toMatchObject({ ok: false, error: { sqlState: '25006' } });
  }
  expect(changesBetween(before, await database.state())).toEqual([]);
});

test('a row context is no setting that a login may keep for itself', async () => {
  await expect(keep({ 'app.ctx': `'${contextOf('bob')}'` })).rejects.toThrow('SQLState: 42501');
});

test('a statement without an end is still stopped after five seconds', async () => {
  await keep({ statement_timeout: '0', lock_timeout: '0', search_path: 'evil, pg_catalog' });
  const answer = await aReader(database)(alice, sql`SELECT pg_sleep(20)::text AS slept`);
  expect(answer).toMatchObject({ ok: false, error: { reason: 'timeout', sqlState: '57014' } });
}, 15_000);

test('the writer asserts its own too', async () => {
  await keep({ search_path: 'evil, pg_catalog', row_security: 'off', statement_timeout: '0' }, SECRETS.writer);
  const ended = await aWriter(database)(alice, (execute) => execute(asSeen), AbortSignal.timeout(5_000));
  expect(ended).toMatchObject({ end: 'committed', value: { value: [{ ...AS_ASSERTED, read_only: 'off' }] } });
});

test('what is left to such a login is to shut itself out, which shows nothing and is named by the check', async () => {
  await keep({ local_preload_libraries: "'nowhere'" });
  const answer = await aReader(database)(alice, sql`SELECT 1 AS n`);
  expect(answer).toMatchObject({ ok: false });
});

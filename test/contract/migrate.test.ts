import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rowContextKey } from '../../functions/adapters/row-context.ts';
import type { DatabaseLogin } from '../../functions/adapters/secrets.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { parseMigration, readMigrations } from '../../functions/migrate/migration-files.ts';
import { runMigrations } from '../../functions/migrate/run-migrations.ts';
import { aCaller } from '../support/callers.ts';
import { SECRETS, startDatabase, type TestDatabase } from '../support/database.ts';
import { MIGRATIONS, migrate, migratePorts } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(() => database.reset());
afterEach(() => {
  database.paused = false;
  database.api.calls.length = 0;
});
afterAll(() => database.stop());

const real = readMigrations(MIGRATIONS);
const schema = real.filter((migration) => !migration.sample);
const SCHEMA = schema.map((migration) => migration.version);
const LAST = SCHEMA.at(-1) ?? '';
const without = (version: string) => real.filter((migration) => migration.version !== version);
const another = (name: string, ...statements: string[]) =>
  parseMigration(`${name}.sql`, statements.join('\n--> statement-breakpoint\n'));
const exists = async (name: string) =>
  (await database.asSuperuser('SELECT 1 FROM pg_class WHERE relname = $1', [name])).length > 0;
const orders = async () => {
  const answer = await aReader(database)(aCaller(), sql`SELECT count(*) AS n FROM app.orders`);
  return answer.ok ? answer.value[0]?.n : answer.error;
};

test('a run applies every file once, and the next run applies nothing', async () => {
  expect(await migrate(database)).toEqual({
    version: LAST,
    applied: [...SCHEMA, 'sample-0001-support-desk'],
  });
  expect(await orders()).toBe(24);
  expect(await migrate(database)).toEqual({ version: LAST, applied: [] });
  expect(await orders()).toBe(24);
});

test('sample data is loaded only where it is asked for, also later', async () => {
  const ports = migratePorts(database);
  await runMigrations(ports, real, { sampleData: false });
  expect(await orders()).toBe(0);
  const { applied } = await runMigrations(ports, real, { sampleData: true });
  expect(applied).toEqual(['sample-0001-support-desk']);
  expect(await orders()).toBe(24);
});

test('no password and no key is in the text of a statement', async () => {
  await migrate(database);
  const texts = database.api.calls.map((call) => String(call.input.sql));
  expect(texts.some((text) => /ALTER ROLE mcp_reader PASSWORD 'SCRAM-SHA-256\$/.test(text))).toBe(true);
  for (const { password } of database.logins.values()) expect(texts.join()).not.toContain(password);
  const stored = await database.asSuperuser(
    "SELECT rolpassword FROM pg_authid WHERE rolname IN ('mcp_reader', 'mcp_writer')",
  );
  expect(stored.map((row) => String(row.rolpassword).slice(0, 19))).toEqual(Array(2).fill('SCRAM-SHA-256$4096:'));
});

test('a migration that was changed after it was applied stops the run and is named', async () => {
  await migrate(database);
  const changed = real.map((m) => (m.version === '0002-row-context' ? { ...m, checksum: 'f'.repeat(64) } : m));
  await expect(migrate(database, changed)).rejects.toThrow(
    'migration 0002-row-context was changed after it was applied',
  );
});

test('line ends do not change a migration', () => {
  const unix = parseMigration('0005-x.sql', 'SELECT 1\n--> statement-breakpoint\nSELECT 2\n');
  const windows = parseMigration('0005-x.sql', 'SELECT 1\r\n--> statement-breakpoint\r\nSELECT 2\r\n');
  expect(windows).toEqual(unix);
  expect(unix.statements).toEqual(['SELECT 1', 'SELECT 2']);
});

test('runs that meet apply each migration once', async () => {
  const slow = another('0005-slow', 'CREATE TABLE migrations.slow (n int)', 'SELECT true AS slept FROM pg_sleep(0.5)');
  const runs = await Promise.all([1, 2, 3].map(() => migrate(database, [...schema, slow])));
  const applied = runs.flatMap((run) => run.applied);
  expect(applied.toSorted()).toEqual([...SCHEMA, '0005-slow']);
});

test('a migration that fails leaves the schema of the one before, and names its statement', async () => {
  const bad = another('0005-bad', 'CREATE TABLE migrations.half (n int)', 'SELECT 1 / 0 AS n');
  const failing = migrate(
    database,
    [...real, bad].toSorted((a, b) => (a.version < b.version ? -1 : 1)),
  );
  await expect(failing).rejects.toThrow(
    /^migration 0005-bad, statement 2 of 2: .*division by zero.*Nothing of this migration was kept$/,
  );
  expect(await exists('half')).toBe(false);
  expect((await migrate(database)).applied).toEqual(['sample-0001-support-desk']);
  expect(await orders()).toBe(24);
});

test('the migration that the README shows passes the check', async () => {
  const readme = readFileSync(new URL('../../functions/migrate/README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```sql\n([\s\S]*?)```/.exec(readme) ?? [];
  const shown = parseMigration('0005-invoices.sql', example);
  expect((await migrate(database, [...schema, shown])).applied).toContain('0005-invoices');
});

test('a database and a user of its own, as the README has them made, are enough in a cluster that was there before', async () => {
  const readme = readFileSync(new URL('../../infra/README.md', import.meta.url), 'utf8');
  const [, made = ''] = /```sql\n([\s\S]*?)```/.exec(readme) ?? [];
  const { password } = database.logins.get(SECRETS.admin) as DatabaseLogin;
  const { postgres } = database;
  const connect = async (login: { user: string; password: string }) => {
    const client = new pg.Client({ ...postgres, ...login, database: 'postgres' });
    await client.connect();
    return client;
  };
  const superuser = await connect(postgres.superuser);
  await superuser.query('DROP DATABASE gatehouse WITH (FORCE)');
  await superuser.query('DROP ROLE gatehouse_admin');
  await superuser.query("CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'm'");
  await superuser.query('GRANT CONNECT ON DATABASE postgres TO master');
  const master = await connect({ user: 'master', password: 'm' });
  for (const statement of made.replace('…', password).split(';\n').filter(Boolean)) await master.query(statement);
  await master.end();
  await superuser.end();
  expect((await migrate(database)).version).toBe(LAST);
  expect(await orders()).toBe(24);
});

describe('the files and the database disagree', () => {
  test('an older deployment runs on a newer schema: that is a rollback', async () => {
    const newer = another('0005-newer', 'CREATE TABLE migrations.newer (n int)');
    await migrate(database, [...schema, newer]);
    expect(await migrate(database, schema)).toEqual({ version: LAST, applied: [] });
  });

  test('a file that is missing between others stops the run', async () => {
    await migrate(database);
    await expect(migrate(database, without('0002-row-context'))).rejects.toThrow(
      'migration 0002-row-context was applied',
    );
  });
});

describe('a cluster at 0 ACU', () => {
  test('is waited for', async () => {
    database.paused = true;
    setTimeout(() => {
      database.paused = false;
    }, 1_000);
    expect((await migrate(database)).version).toBe(LAST);
  });

  test('is not waited for without end', async () => {
    database.paused = true;
    const run = runMigrations(migratePorts(database, 2_500), real, { sampleData: false });
    await expect(run).rejects.toThrow('resuming after being auto-paused');
  });
});

describe('a rotated secret', () => {
  const rotated: DatabaseLogin = { username: 'mcp_reader', password: 'reader1Password' };
  const old: DatabaseLogin = { username: 'mcp_reader', password: 'reader0Password' };
  afterEach(() => void database.logins.set(SECRETS.reader, old));

  test('changes password and key, and the old key is good for another day', async () => {
    await migrate(database);
    database.logins.set(SECRETS.reader, rotated);
    await expect(orders()).resolves.toMatchObject({ reason: 'unavailable', sqlState: '28P01' });
    await migrate(database);
    const withKey = async (login: DatabaseLogin) => {
      const read = aReader(database, { contextKey: async () => rowContextKey(login) });
      const answer = await read(aCaller(), sql`SELECT count(*) AS n FROM app.orders`);
      return answer.ok && answer.value[0]?.n;
    };
    expect([await withKey(rotated), await withKey(old)]).toEqual([24, 24]);
    await database.asSuperuser("UPDATE gatehouse.row_context_keys SET replaced_at = replaced_at - interval '1 day'");
    expect([await withKey(rotated), await withKey(old)]).toEqual([24, 0]);
    await migrate(database);
    expect(
      await database.asSuperuser("SELECT 1 FROM gatehouse.row_context_keys WHERE login = 'mcp_reader'"),
    ).toHaveLength(1);
  });

  test('that comes back is in force again', async () => {
    await migrate(database);
    database.logins.set(SECRETS.reader, rotated);
    await migrate(database);
    database.logins.set(SECRETS.reader, old);
    await migrate(database);
    await database.asSuperuser("UPDATE gatehouse.row_context_keys SET replaced_at = replaced_at - interval '1 day'");
    expect(await orders()).toBe(24);
  });

  test('that names another login is refused', async () => {
    database.logins.set(SECRETS.reader, { username: 'gatehouse_admin', password: 'x' });
    await expect(migrate(database)).rejects.toThrow('a secret names the login "gatehouse_admin"');
  });
});

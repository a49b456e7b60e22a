import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { migrate, startMigratedDatabase } from '../support/migrated.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startMigratedDatabase();
  await database.asSuperuser('CREATE ROLE stranger LOGIN');
});
afterAll(() => database.stop());

/** A hand at the console: what it does, what the check says, and how it is undone. */
test.each([
  ['ALTER ROLE mcp_reader SUPERUSER', 'mcp_reader is a superuser', 'ALTER ROLE mcp_reader NOSUPERUSER'],
  ['ALTER ROLE mcp_reader BYPASSRLS', 'mcp_reader passes row policies', 'ALTER ROLE mcp_reader NOBYPASSRLS'],
  ['ALTER ROLE mcp_context RENAME TO gone', 'there is no role mcp_context', 'ALTER ROLE gone RENAME TO mcp_context'],
  ['ALTER ROLE mcp_writer CREATEROLE', 'mcp_writer may create roles', 'ALTER ROLE mcp_writer NOCREATEROLE'],
  ['ALTER ROLE mcp_writer INHERIT', 'mcp_writer inherits', 'ALTER ROLE mcp_writer NOINHERIT'],
  ['ALTER ROLE mcp_owner LOGIN', 'mcp_owner can log in', 'ALTER ROLE mcp_owner NOLOGIN'],
  [
    'ALTER ROLE mcp_reader CONNECTION LIMIT -1',
    'mcp_reader may have -1 connections, not 40',
    'ALTER ROLE mcp_reader CONNECTION LIMIT 40',
  ],
  ['GRANT mcp_writer TO mcp_reader', 'mcp_reader is a member of mcp_writer', 'REVOKE mcp_writer FROM mcp_reader'],
  [
    'GRANT pg_read_all_data TO mcp_reader',
    'mcp_reader is a member of pg_read_all_data',
    'REVOKE pg_read_all_data FROM mcp_reader',
  ],
  ['GRANT mcp_writer TO stranger', 'stranger may act as mcp_writer', 'REVOKE mcp_writer FROM stranger'],
  [
    'ALTER ROLE mcp_reader SET default_transaction_read_only = off',
    'mcp_reader has the setting default_transaction_read_only=off',
    'ALTER ROLE mcp_reader SET default_transaction_read_only = on',
  ],
  [
    'ALTER ROLE mcp_writer RESET statement_timeout',
    'mcp_writer lacks the setting statement_timeout=5s',
    "ALTER ROLE mcp_writer SET statement_timeout = '5s'",
  ],
  [
    'ALTER ROLE mcp_reader IN DATABASE gatehouse SET search_path = public',
    'mcp_reader has the setting search_path=public',
    'ALTER ROLE mcp_reader IN DATABASE gatehouse RESET search_path',
  ],
  [
    'GRANT TEMP ON DATABASE gatehouse TO PUBLIC',
    'mcp_reader has TEMP on the database',
    'REVOKE TEMP ON DATABASE gatehouse FROM PUBLIC',
  ],
  [
    'GRANT CREATE ON DATABASE gatehouse TO mcp_writer',
    'mcp_writer has CREATE on the database',
    'REVOKE CREATE ON DATABASE gatehouse FROM mcp_writer',
  ],
  [
    'GRANT CREATE ON SCHEMA app TO mcp_reader',
    'mcp_reader may create in schema app',
    'REVOKE CREATE ON SCHEMA app FROM mcp_reader',
  ],
  [
    'GRANT USAGE ON SCHEMA public TO PUBLIC',
    'mcp_reader may use schema public',
    'REVOKE USAGE ON SCHEMA public FROM PUBLIC',
  ],
  [
    'GRANT INSERT ON app.notes TO mcp_reader',
    'mcp_reader may INSERT app.notes',
    'REVOKE INSERT ON app.notes FROM mcp_reader',
  ],
  [
    'GRANT UPDATE (status) ON app.orders TO mcp_reader',
    'mcp_reader may UPDATE app.orders',
    'REVOKE UPDATE (status) ON app.orders FROM mcp_reader',
  ],
  [
    'GRANT TRUNCATE ON app.notes TO mcp_writer',
    'mcp_writer may TRUNCATE app.notes',
    'REVOKE TRUNCATE ON app.notes FROM mcp_writer',
  ],
  [
    'ALTER TABLE app.notes NO FORCE ROW LEVEL SECURITY',
    'app.notes can be reached by a login and has no forced row level security',
    'ALTER TABLE app.notes FORCE ROW LEVEL SECURITY',
  ],
  [
    'CREATE TABLE app.loose (n int); GRANT SELECT ON app.loose TO mcp_reader',
    'app.loose can be reached by a login',
    'DROP TABLE app.loose',
  ],
  [
    'CREATE MATERIALIZED VIEW app.copied AS SELECT * FROM app.orders; GRANT SELECT ON app.copied TO mcp_reader',
    'app.copied can be reached by a login',
    'DROP MATERIALIZED VIEW app.copied',
  ],
  [
    'CREATE VIEW app.seen AS SELECT * FROM app.orders; GRANT SELECT ON app.seen TO mcp_reader',
    'app.seen is a view that shows rows with its owner',
    'DROP VIEW app.seen',
  ],
  [
    'CREATE SEQUENCE app.counter; GRANT USAGE ON SEQUENCE app.counter TO mcp_reader',
    'mcp_reader may move sequence app.counter',
    'DROP SEQUENCE app.counter',
  ],
  [
    'GRANT SELECT ON gatehouse.row_context_keys TO mcp_owner',
    'mcp_owner may SELECT gatehouse.row_context_keys',
    'REVOKE SELECT ON gatehouse.row_context_keys FROM mcp_owner',
  ],
  [
    'GRANT SELECT (login) ON gatehouse.row_context_keys TO stranger',
    'stranger may SELECT gatehouse.row_context_keys',
    'REVOKE SELECT (login) ON gatehouse.row_context_keys FROM stranger',
  ],
  [
    'CREATE FUNCTION app.open() RETURNS int LANGUAGE sql RETURN 1',
    'everybody may execute app.open',
    'DROP FUNCTION app.open',
  ],
  [
    'CREATE FUNCTION app.lent() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1; REVOKE ALL ON FUNCTION app.lent FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.lent TO mcp_reader',
    "mcp_reader may execute app.lent, which runs with its owner's rights",
    'DROP FUNCTION app.lent',
  ],
  [
    'ALTER FUNCTION gatehouse.row_context() RESET search_path',
    'gatehouse.row_context is not as it was made',
    'ALTER FUNCTION gatehouse.row_context() SET search_path = pg_catalog, pg_temp',
  ],
  [
    'ALTER FUNCTION gatehouse.row_context() SECURITY INVOKER',
    'gatehouse.row_context is not as it was made',
    'ALTER FUNCTION gatehouse.row_context() SECURITY DEFINER',
  ],
  ['CREATE SCHEMA mine AUTHORIZATION mcp_writer', 'mcp_writer owns an object of pg_namespace', 'DROP SCHEMA mine'],
])('after %s the deployment stops: %s', async (harm, sentence, undo) => {
  await database.asSuperuser(harm);
  try {
    await expect(migrate(database)).rejects.toThrow(sentence);
  } finally {
    await database.asSuperuser(undo);
  }
  await expect(migrate(database)).resolves.toMatchObject({ applied: [] });
});

test("a table of your own with a forced policy, a view with its reader's rights and an extension are fine", async () => {
  await database.asSuperuser(`
    SET ROLE mcp_owner;
    CREATE TABLE app.invoices (id uuid, tenant text);
    ALTER TABLE app.invoices ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE VIEW app.due WITH (security_invoker = true) AS SELECT id FROM app.invoices;
    GRANT SELECT ON app.invoices, app.due TO mcp_reader;
    GRANT INSERT, DELETE ON app.invoices TO mcp_writer;
    RESET ROLE;
    CREATE EXTENSION citext SCHEMA app`);
  await expect(migrate(database)).resolves.toMatchObject({ applied: [] });
});

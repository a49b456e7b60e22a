import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgresGrammar } from '../../functions/adapters/postgres-grammar.ts';
import { ALLOWED_FUNCTIONS, ALLOWED_TYPES } from '../../functions/core/sql/allowed-names.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

/** What the parser's rules take for granted of PostgreSQL's catalogue, asked of a real one. */
let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database?.stop());

const namesOf = async (sql: string, values: readonly unknown[] = []) =>
  (await database.asSuperuser(sql, values)).map(({ name }) => String(name));

test('the parser is of the version of the server', async () => {
  const [server] = await namesOf("SELECT current_setting('server_version_num')::int / 10000 AS name");
  const parsed = await createPostgresGrammar()('SELECT 1');
  const version = parsed.ok ? (parsed.value as { readonly version: number }).version : 0;
  expect(String(Math.floor(version / 10_000))).toBe(server);
});

test('every relation of pg_catalog begins with pg_, so the name of a WITH query never means one', async () => {
  expect(
    await namesOf(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relname !~ '^pg_'",
    ),
  ).toEqual([]);
});

test('every function and type that is allowed exists', async () => {
  const functions = await namesOf(
    "SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace",
  );
  const types = await namesOf("SELECT typname AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace");
  expect([...ALLOWED_FUNCTIONS].filter((name) => !functions.includes(name))).toEqual([]);
  expect([...ALLOWED_TYPES].filter((name) => !types.includes(name))).toEqual([]);
});

test('no function that is allowed writes, or reads what its arguments do not hold', async () => {
  // Volatile are those that give another value each time; the two here do nothing else.
  expect(
    await namesOf(
      "SELECT DISTINCT proname AS name FROM pg_proc WHERE provolatile = 'v' AND proname = ANY ($1) ORDER BY 1",
      [[...ALLOWED_FUNCTIONS]],
    ),
  ).toEqual(['clock_timestamp', 'random']);
  expect(
    await namesOf(
      `SELECT DISTINCT proname AS name FROM pg_proc, unnest(proargtypes) AS argument
        WHERE proname = ANY ($1) AND argument::regtype::text ~ '^reg' AND argument <> 'regconfig'::regtype`,
      [[...ALLOWED_FUNCTIONS]],
    ),
  ).toEqual([]);
});

const BY_ATTRIBUTE = `
  any_value array_agg concat count cume_dist dense_rank first_value hash_record json_agg json_agg_strict json_build_array json_build_object
  jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object lag last_value lead mode num_nonnulls num_nulls percent_rank pg_collation_for
  pg_column_compression pg_column_size pg_column_toast_chunk_id pg_typeof quote_literal quote_nullable rank record_send row_to_json to_json to_jsonb`
  .trim()
  .split(/\s+/);

/**
 * `o.f` calls a function of one argument when `o` is a row and has no column `f`, and a parser cannot tell the two apart.
 * Built-in functions that take a row are these; of our own, those that somebody granted.
 */
test('the built-in functions that an attribute can call are harmless', async () => {
  const found = await namesOf(
    `SELECT DISTINCT proname AS name FROM pg_proc
      WHERE pronargs - pronargdefaults <= 1 AND pronargs >= 1 AND pronamespace = 'pg_catalog'::regnamespace
        AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype)
        AND proargtypes[0]::regtype::text IN ('record', 'anyelement', '"any"', 'anycompatible', 'anynonarray', 'anycompatiblenonarray')
      ORDER BY 1`,
  );
  expect(found).toEqual(BY_ATTRIBUTE);
});

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgresGrammar } from '../../functions/adapters/postgres-grammar.ts';
import { freeSelect } from '../../functions/core/sql/free-select.ts';
import { explainRefusal } from '../../functions/core/sql/not-allowed.ts';
import { DATABASE, SECRETS } from '../support/database.ts';
import { type AbusedDatabase, changesBetween, startAbusedDatabase } from './abused-database.ts';
import { runStraight } from './straight.ts';

/**
 * Ways in which other servers of this kind fell. Each is shown to be real where the layer that closes it is away, and
 * closed here twice: by the parser, and by the database without the parser.
 */
const parse = createPostgresGrammar();
let database: AbusedDatabase;
beforeAll(async () => {
  database = await startAbusedDatabase();
  // A policy as others write it: whoever can set the setting is whoever they want to be.
  await database.asSuperuser('CREATE TABLE app.naive (owner text, item text)');
  await database.asSuperuser("INSERT INTO app.naive VALUES ('alice', 'mine'), ('bob', 'not mine')");
  await database.asSuperuser('ALTER TABLE app.naive ENABLE ROW LEVEL SECURITY');
  await database.asSuperuser(
    "CREATE POLICY naive ON app.naive TO mcp_reader USING (owner = (SELECT current_setting('app.uid', true)))",
  );
  await database.asSuperuser('GRANT SELECT ON app.naive TO mcp_reader');
});
afterAll(() => database?.stop());

const refusedBecause = async (text: string) => {
  const select = await freeSelect(parse, text, 11);
  return select.ok ? 'it is allowed' : explainRefusal(select.error);
};
const asReader = (text: string) => runStraight(database, text, { transaction: 'READ ONLY' });

/** One READ ONLY transaction as the owner of the tables that is committed, as others commit theirs. */
async function committedByOwner(...statements: readonly string[]): Promise<readonly string[]> {
  const { host, port, superuser } = database.postgres;
  const owner = new pg.Client({ host, port, ...superuser, database: DATABASE });
  await owner.connect();
  const before = await database.state();
  try {
    await owner.query('SET SESSION AUTHORIZATION mcp_owner');
    await owner.query('BEGIN READ ONLY');
    for (const text of statements) await owner.query(text);
    await owner.query('COMMIT');
  } finally {
    await owner.end();
  }
  return changesBetween(before, await database.state());
}

describe('a READ ONLY transaction that makes tables', () => {
  test.each([
    ['EXPLAIN ANALYZE CREATE TABLE app.made AS SELECT 1 AS n', 'EXPLAIN is not allowed'],
    ['EXPLAIN ANALYZE SELECT 1 AS n INTO app.made', 'EXPLAIN is not allowed'],
    ['EXPLAIN ANALYZE CREATE MATERIALIZED VIEW app.made AS SELECT 1 AS n', 'EXPLAIN is not allowed'],
  ])('%s', async (text, sentence) => {
    expect(await committedByOwner(text)).toContain('pg_class');
    await database.asSuperuser(`DROP ${text.includes('VIEW') ? 'MATERIALIZED VIEW' : 'TABLE'} app.made`);

    expect(await refusedBecause(text)).toContain(sentence);
    const before = await database.state();
    expect((await asReader(text)).error).toContain('SQLState: 42501');
    // Even the owner's is gone when the transaction is rolled back, as every read is.
    const owner = { transaction: 'READ ONLY', secretArn: SECRETS.admin, asRole: 'mcp_owner' } as const;
    expect((await runStraight(database, text, owner)).error).toBeUndefined();
    expect(changesBetween(before, await database.state())).toEqual([]);
  });
});

test.each([
  ['SELECT 1 AS n INTO app.made', 'SELECT INTO is not allowed'],
  ['CREATE TABLE app.made AS SELECT 1 AS n', 'CREATE TABLE AS is not allowed'],
])('%s makes no table either', async (text, sentence) => {
  expect(await refusedBecause(text)).toContain(sentence);
  expect((await asReader(text)).error).toMatch(/SQLState: (?:25006|42501)/);
});

describe('a row policy that believes a setting', () => {
  const inACte = (table: string, setting: string, call = 'set_config') =>
    `WITH s AS MATERIALIZED (SELECT ${call}('${setting}', 'bob', true) AS v) SELECT o.item FROM s, app.${table} o WHERE s.v IS NOT NULL`;
  const inXml = (table: string, setting: string) =>
    `SELECT query_to_xml('SELECT set_config(''${setting}'', ''bob'', true)', true, false, '')::text
         || query_to_xml('SELECT item FROM app.${table}', true, false, '')::text`;
  test.each([
    ['set_config in a CTE', inACte, 'The function set_config'],
    ['a name in escapes', (t: string, s: string) => inACte(t, s, 'U&"\\0073et_config"'), 'The function set_config'],
    ['a query in XML', inXml, 'The function query_to_xml'],
  ])('%s shows rows of another person there, and none here', async (_how, write, sentence) => {
    expect(JSON.stringify(await asReader(write('naive', 'app.uid')))).toContain('not mine');
    const answer = await asReader(write('orders', 'app.ctx'));
    expect(JSON.stringify(answer)).not.toContain('TOPSECRET');
    expect(answer.error).toBeUndefined();
    expect(await refusedBecause(write('orders', 'app.ctx'))).toContain(sentence);
  });
});

describe("a function that runs with its owner's rights", () => {
  const text = 'SELECT app.definer_read_secret()';
  test('is a way in when everybody may execute it, which PostgreSQL gives by default', async () => {
    expect((await asReader(text)).error).toContain('SQLState: 42501');
    await database.asSuperuser('GRANT EXECUTE ON FUNCTION app.definer_read_secret() TO PUBLIC');
    expect(JSON.stringify(await asReader(text))).toContain('TOPSECRET');
    await database.asSuperuser('REVOKE EXECUTE ON FUNCTION app.definer_read_secret() FROM PUBLIC');
    expect(await refusedBecause(text)).toContain('The function app.definer_read_secret');
  });
});

describe('the end of a transaction in the text', () => {
  test('COMMIT and what follows it, in one text', async () => {
    for (const text of ['COMMIT; DELETE FROM app.orders', 'COMMIT']) {
      expect(await refusedBecause(text)).toMatch(/2 statements|a transaction command is not allowed/);
    }
    expect((await asReader('COMMIT; DELETE FROM app.orders')).error).toContain("Multistatements aren't supported");
  });

  test('COMMIT alone ends the transaction, and nothing follows in it: a read is one statement', async () => {
    const before = await database.state();
    await asReader('COMMIT');
    expect(changesBetween(before, await database.state())).toEqual([]);
  });

  test('PREPARE TRANSACTION would outlive the rollback, and cannot be had', async () => {
    expect(await refusedBecause("PREPARE TRANSACTION 'abuse'")).toContain('a transaction command is not allowed');
    expect((await asReader("PREPARE TRANSACTION 'abuse'")).error).toContain('SQLState: 55000');
    expect(await database.asSuperuser('SELECT * FROM pg_prepared_xacts')).toEqual([]);
  });
});

test('large objects belong to whoever makes one, and nobody makes one in a read', async () => {
  expect((await asReader('SELECT lo_create(0)')).error).toContain('SQLState: 25006');
  expect(await refusedBecause('SELECT lo_create(0)')).toContain('The function lo_create');
});

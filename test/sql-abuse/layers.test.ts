import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgresGrammar } from '../../functions/adapters/postgres-grammar.ts';
import { freeSelect } from '../../functions/core/sql/free-select.ts';
import { DATABASE, SECRETS } from '../support/database.ts';
import { type AbusedDatabase, changesBetween, expectNoLeak, startAbusedDatabase } from './abused-database.ts';
import { type AbuseLine, allLines, eachLine, ownLines, WHICH } from './corpus.ts';
import { runStraight, type Straight } from './straight.ts';

/** Each layer without the others: what it holds alone, and what it leaves to them. */
let database: AbusedDatabase;
beforeAll(async () => {
  database = await startAbusedDatabase();
});
afterAll(() => database?.stop());

/** Lines that only take long are for the read transaction, which has a timeout. */
const acting = ownLines.filter(({ category }) => category !== 'too-much');

async function changesOf(lines: readonly AbuseLine[], how: Straight, secret = true): Promise<readonly string[]> {
  const before = await database.state();
  await eachLine(lines, async (line) => {
    const answer = await runStraight(database, line.text, how);
    if (secret) expectNoLeak(answer, database.canaries, line);
  });
  return changesBetween(before, await database.state());
}

/** What a login may do to itself and no grant can take away: its own settings and password; and large objects. */
const TO_ITSELF = /ALTER (?:ROLE|USER) CURRENT_USER|\blo(?:_|creat)/i;

describe('without the parser', () => {
  test(`the read transaction as mcp_reader holds: ${WHICH}`, async () => {
    expect(await changesOf(allLines, { transaction: 'READ ONLY' })).toEqual([]);
  }, 240_000);

  test('an answer came for what the login may read, so the lines were not merely refused as a whole', async () => {
    const { rows } = await runStraight(database, 'SELECT item FROM app.orders ORDER BY id', {
      transaction: 'READ ONLY',
    });
    expect(JSON.stringify(rows)).toContain('apple');
    expect(JSON.stringify(rows)).toContain('pear');
  });
});

describe('the roles alone: read-write, in autocommit, no parser, no row context', () => {
  beforeAll(() => becomeReadOnly('off'));
  afterAll(() => becomeReadOnly('on'));

  /** A session keeps the settings that it began with, so those that are open end. */
  async function becomeReadOnly(mode: 'on' | 'off'): Promise<void> {
    await database.asSuperuser(`ALTER ROLE mcp_reader SET default_transaction_read_only = ${mode}`);
    await database.asSuperuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mcp_reader'");
  }

  test('nothing changes but what a login may do to itself', async () => {
    const lines = acting.filter(({ text }) => !TO_ITSELF.test(text));
    expect(lines.length).toBeGreaterThan(240);
    expect(await changesOf(lines, { transaction: 'none' })).toEqual([]);
  }, 120_000);

  test.each([
    ["ALTER ROLE CURRENT_USER SET search_path = 'app'", 'pg_db_role_setting'],
    ["ALTER ROLE CURRENT_USER PASSWORD 'abused'", 'pg_authid'],
    ['SELECT lo_create(4711)', 'pg_largeobject_metadata'],
  ])('what the transaction is for: %s', async (text, changed) => {
    const line = { id: 'to-itself', category: 'to-itself', text };
    expect(await changesOf([line], { transaction: 'READ ONLY' })).toEqual([]);
    // Nothing that was granted allows this, so no grant that is taken away forbids it.
    expect(await changesOf([line], { transaction: 'none' })).toEqual([changed]);
    const { password } = database.logins.get(SECRETS.reader) ?? { password: '' };
    await database.asSuperuser(`ALTER ROLE mcp_reader PASSWORD '${password}'`);
    await database.asSuperuser('ALTER ROLE mcp_reader RESET search_path');
  });
});

describe('the transaction alone: as the owner of the tables, no parser', () => {
  test('READ ONLY and rollback leave nothing behind', async () => {
    const how = { transaction: 'READ ONLY', secretArn: SECRETS.admin, asRole: 'mcp_owner' } as const;
    expect(await changesOf(acting, how, false)).toEqual([]);
  }, 120_000);
});

describe('the parser alone: as the owner of the tables, read-write, in autocommit', () => {
  test('no line that it lets through changes anything', async () => {
    const parse = createPostgresGrammar();
    const { host, port, superuser } = database.postgres;
    const owner = new pg.Client({ host, port, ...superuser, database: DATABASE });
    await owner.connect();
    await owner.query('SET SESSION AUTHORIZATION mcp_owner');
    await owner.query("SET statement_timeout = '1s'");
    const before = await database.state();
    let run = 0;
    for (const { text } of acting) {
      const select = await freeSelect(parse, text, 11);
      if (!select.ok) continue;
      run++;
      await owner.query({ text: select.value.text, rowMode: 'array' }).catch(() => undefined);
    }
    await owner.end();
    expect(run).toBeGreaterThan(20);
    expect(changesBetween(before, await database.state())).toEqual([]);
  }, 60_000);
});

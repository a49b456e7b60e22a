import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseMigration, readMigrations } from '../../functions/migrate/migration-files.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { MIGRATIONS, migrate } from '../support/migrated.ts';

/** What the corpus writes to when it can. */
const TARGET_FILE = '/tmp/gatehouse-abuse';

export type AbusedDatabase = TestDatabase & {
  /** Texts that alice may never see. */
  readonly canaries: readonly string[];
  /** Everything that a statement could have changed, by what it is: rows, catalogues, files. */
  readonly state: () => Promise<Readonly<Record<string, string>>>;
};

/** The corpus's schema with rows of alice and of bob, over the roles and the row context of the real migrations. */
export async function startAbusedDatabase(): Promise<AbusedDatabase> {
  const database = await startDatabase();
  const shape = parseMigration('0003-abused.sql', readFileSync(join(import.meta.dirname, 'schema.sql'), 'utf8'));
  await migrate(database, [...readMigrations(MIGRATIONS).slice(0, 2), shape]);
  const [item, secret] = ['order', 'secret'].map((what) => `TOPSECRET ${what} ${randomBytes(8).toString('hex')}`);
  await database.asSuperuser(
    `INSERT INTO app.orders (owner, item)
     VALUES ('alice', 'apple'), ('bob', $1), ('alice', 'pear'), ('bob', $1)`,
    [item],
  );
  await database.asSuperuser("INSERT INTO app.names VALUES ('alice', 'plum'), ('bob', $1)", [item]);
  await database.asSuperuser('INSERT INTO app.secrets VALUES ($1)', [secret]);
  await database.asSuperuser('REFRESH MATERIALIZED VIEW app.mv0');
  return Object.assign(database, {
    canaries: [`${item}`.slice(-16), `${secret}`.slice(-16), ...(await hiddenIn(database))],
    state: () => stateOf(database),
  });
}

/** The keys of row contexts, the passwords' verifiers, and how every /etc/passwd begins. */
async function hiddenIn(database: TestDatabase): Promise<readonly string[]> {
  const keys = await database.asSuperuser("SELECT encode(inner_block, 'hex') AS key FROM gatehouse.row_context_keys");
  const verifiers = await database.asSuperuser('SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL');
  return [
    ...keys.map(({ key }) => String(key)),
    ...verifiers.map(({ rolpassword }) => String(rolpassword)),
    'root:x:0',
  ];
}

/** Catalogues, without what vacuum and analyze write into them at any time. */
const CATALOGUES: Readonly<Record<string, readonly string[]>> = {
  pg_class: ['relpages', 'reltuples', 'relallvisible', 'relfrozenxid', 'relminmxid', 'relhasindex'],
  pg_database: ['datfrozenxid', 'datminmxid'],
  ...Object.fromEntries(
    `pg_attribute pg_auth_members pg_authid pg_cast pg_constraint pg_db_role_setting pg_default_acl pg_description
     pg_event_trigger pg_extension pg_foreign_server pg_init_privs pg_largeobject_metadata pg_namespace pg_operator
     pg_policy pg_prepared_xacts pg_proc pg_publication pg_replication_slots pg_rewrite pg_seclabel pg_sequences
     pg_shdescription pg_subscription pg_tablespace pg_trigger pg_type pg_user_mapping`
      .split(/\s+/)
      .map((name) => [name, []]),
  ),
};

async function stateOf(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const parts = Object.entries(CATALOGUES).map(([name, moving]) => digestSql(name, name, moving));
  const tables = await database.asSuperuser(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  );
  parts.push(...tables.map(({ name }) => digestSql(`rows of ${name}`, String(name), [])));
  parts.push("SELECT 'postgresql.auto.conf', md5(pg_read_file('postgresql.auto.conf'))");
  const rows = await database.asSuperuser(`SELECT * FROM (${parts.join(' UNION ALL ')}) AS s (what, digest)`);
  const state = Object.fromEntries(rows.map(({ what, digest }) => [String(what), String(digest)]));
  return { ...state, 'a file of the server': String(existsSync(TARGET_FILE)) };
}

function digestSql(what: string, relation: string, moving: readonly string[]): string {
  const row = moving.reduce((json, name) => `${json} - '${name}'`, 'to_jsonb(r)');
  return `SELECT '${what}', md5(coalesce(string_agg((${row})::text, ',' ORDER BY (${row})::text), '')) FROM ${relation} AS r`;
}

/** What differs between two states. */
export function changesBetween(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((what) => before[what] !== after[what]);
}

/** Fails with the line's id and text when its answer shows what it must not. */
export function expectNoLeak(answer: unknown, canaries: readonly string[], line: { id: string; text: string }): void {
  const text = JSON.stringify(answer) ?? '';
  const leaked = canaries.filter((canary) => text.includes(canary));
  expect(leaked, `${line.id} leaked: ${line.text.slice(0, 300)}`).toEqual([]);
}

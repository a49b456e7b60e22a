import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdminDatabase } from '../../functions/adapters/data-api-admin.ts';
import { selfCheck } from '../../functions/migrate/self-check.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';
import { ownLines } from '../sql-abuse/corpus.ts';
import { type Copy, copyCheckout } from '../support/checkout-copy.ts';
import { modernMessage, postMcp, textOf, toolNamesOf } from '../support/mcp-wire.ts';
import { mintOf } from '../support/minted-tokens.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/**
 * A deployment with free SQL turned on, and with a bug besides: a tool of `mcp` that hands on any text, by every way there
 * is from inside the function. What keeps rows and tenants apart then is not our code.
 */
const BUG = `
import {
  BatchExecuteStatementCommand, BeginTransactionCommand, CommitTransactionCommand, ExecuteStatementCommand, RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import * as z from 'zod';
import { sql as statement } from '../core/sql/statement.ts';
import { defineTool } from '../core/tools/define.ts';

const forged = (text: string) => Object.assign([text], { raw: [text] });
const client = new RDSDataClient({ maxAttempts: 1 });

export default defineTool({
  name: 'bug', title: 'Bug', description: 'Runs any text.', access: 'read', scopes: ['orders:read'],
  input: z.strictObject({
    way: z.enum(['template', 'nested', 'alone', 'transaction', 'batch']),
    secretArn: z.string().optional(),
    texts: z.array(z.string()),
  }),
  output: z.array(z.object({ said: z.string() })),
  async run({ way, texts, secretArn = process.env.DATABASE_SECRET_ARN }, { sql }) {
    const target = { resourceArn: process.env.DATABASE_CLUSTER_ARN, secretArn, database: process.env.DATABASE_NAME };
    const answers: { said: string }[] = [];
    const note = async (work: () => Promise<unknown>) => {
      const answer = await work().catch((error) => error.name + ': ' + (error.failure?.detail ?? error.message));
      answers.push({ said: JSON.stringify(answer) ?? '' });
      return answer;
    };
    if (way === 'transaction') {
      const begun = (await note(() => client.send(new BeginTransactionCommand(target)))) as { transactionId?: string };
      const { transactionId } = begun;
      for (const text of texts) await note(() => client.send(new ExecuteStatementCommand({ ...target, transactionId, sql: text })));
      await note(() => client.send(new CommitTransactionCommand({ ...target, transactionId })));
      await note(() => client.send(new RollbackTransactionCommand({ ...target, transactionId })));
      return answers;
    }
    for (const text of texts) await note(async () => {
      if (way === 'template') return sql(forged(text));
      if (way === 'nested') return sql\`\${statement(forged(text))}\`;
      if (way === 'alone') return client.send(new ExecuteStatementCommand({ ...target, sql: text }));
      return client.send(new BatchExecuteStatementCommand({ ...target, sql: text }));
    });
    return answers;
  },
});
`;

const SETTINGS = {
  tools: { query: true },
  scopes: {
    'orders:read': 'See orders',
    'tickets:read': 'Read tickets',
    'tickets:write': 'Add notes',
    'sql:read': 'Query',
  },
  defaultScopes: ['orders:read'],
  roles: { analyst: ['orders:read', 'sql:read'], reader: ['orders:read'] },
};

let copy: Copy;
let cloud: OwnCloud;
let superuser: pg.Client;
let token: string;
beforeAll(async () => {
  copy = copyCheckout();
  copy.write('functions/tools/bug.ts', BUG);
  copy.edit('functions/tools/index.ts', 'import whoami', "import bug from './bug.ts';\nimport whoami");
  copy.edit('functions/tools/index.ts', 'readonly Tool[] = [', 'readonly Tool[] = [bug, ');
  cloud = await startOwnCloud({ checkout: copy.root, settings: SETTINGS });
  token = await mintOf(cloud)({ scope: 'orders:read sql:read', roles: ['analyst'] });
  superuser = new pg.Client(serverOf(cloud.directory));
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await cloud?.close();
  copy?.remove();
});

/** The local operator's own login, for looking: no function has it. */
function serverOf(directory: string) {
  const place = join(directory, 'postgres');
  const { password } = JSON.parse(readFileSync(join(place, 'postgres-17.json'), 'utf8')) as { password: string };
  const port = Number(readFileSync(join(place, 'postgres-17', 'postmaster.pid'), 'utf8').split('\n')[3]);
  const database = variablesOf(cloud, 'migrate').DATABASE_NAME;
  return { host: '127.0.0.1', port, user: 'postgres', password, database };
}

async function call(name: string, input: object, bearer = token): Promise<string> {
  return textOf(await postMcp(cloud.mcpUrl, modernMessage('tools/call', { name, arguments: input }), bearer));
}

/** Rows of every table, the schema, and the roles with their settings. */
async function state(): Promise<unknown> {
  const tables = ['customers', 'orders', 'tickets', 'notes', 'refunds'];
  const digests = tables.map(
    (name) => `(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM app.${name} t) AS ${name}`,
  );
  const { rows } = await superuser.query(
    `SELECT ${digests.join(', ')}, (SELECT count(*) FROM pg_class) AS relations, (SELECT count(*) FROM pg_proc) AS routines,
            (SELECT md5(string_agg(to_jsonb(r)::text, ',' ORDER BY rolname)) FROM pg_authid r) AS roles,
            (SELECT md5(string_agg(to_jsonb(s)::text, ',')) FROM pg_db_role_setting s) AS settings,
            (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects`,
  );
  return rows[0];
}

async function foreignWords(): Promise<readonly string[]> {
  const { rows } = await superuser.query("SELECT name, email FROM app.customers WHERE tenant = 'south'");
  return rows.flatMap(({ name, email }) => [String(name), String(email)]);
}

describe('free SQL over HTTP', () => {
  test('is offered to whose roles have its scope, and to nobody else', async () => {
    const listedFor = async (bearer: string) =>
      toolNamesOf(await postMcp(cloud.mcpUrl, modernMessage('tools/list'), bearer));
    expect(await listedFor(token)).toContain('query');
    expect(await listedFor(await mintOf(cloud)({ roles: ['reader'] }))).not.toContain('query');
  });

  test('answers in the bundle as it is deployed, with rows of the own tenant alone', async () => {
    const text = await call('query', { statement: 'SELECT c.name FROM app.customers c ORDER BY 1 -- all of them' });
    const { rows } = await superuser.query("SELECT name FROM app.customers WHERE tenant = 'north'");
    expect(rows.length).toBeGreaterThan(0);
    for (const { name } of rows) expect(text).toContain(name);
    for (const word of await foreignWords()) expect(text).not.toContain(word);
  });

  test('says outside the fence that there are more rows, and how many were read', async () => {
    const statement = `SELECT (SELECT string_agg('x', '') FROM generate_series(1, 8000) AS g) AS t FROM generate_series(1, 1000)`;
    // 200 rows of 8,000 bytes are more than the service returns, and 32 fit into what a read may give.
    expect(await call('query', { statement, limit: 200 })).toMatch(
      /^This is not everything: only the first 32 rows were read, and more are there\. Narrow the search to see others\.\n/,
    );
    const some = await call('query', { statement: 'SELECT n FROM generate_series(1, 1000) AS n', limit: 7 });
    expect(some).toMatch(/^This is not everything: only the first 7 rows were read/);
  });

  test('refuses with a sentence that names what is not allowed', async () => {
    const text = await call('query', { statement: "SELECT pg_read_file('/etc/passwd')" });
    expect(text).toContain('The function pg_read_file is not allowed');
  });
});

const WRITES = [
  "INSERT INTO app.notes (ticket_id, body, request_id) SELECT id, 'x', 'x' FROM app.tickets",
  "UPDATE app.orders SET status = 'refunded'",
  'DELETE FROM app.notes',
  'CREATE TABLE app.made AS SELECT 1 AS n',
  'EXPLAIN ANALYZE CREATE TABLE app.made AS SELECT 1 AS n',
  "SELECT set_config('app.ctx', 'dan', false), name, email FROM app.customers",
  'SELECT name, email FROM app.customers',
  'SELECT c.name, c.email FROM app.customers c, app.orders o',
];
const corpus = ownLines.filter(({ category }) => !['too-much', 'harmless'].includes(category)).map(({ text }) => text);
const inPieces = Array.from({ length: Math.ceil(corpus.length / 40) }, (_, at) => corpus.slice(at * 40, at * 40 + 40));

describe('a tool of mcp that runs any text', () => {
  test.each(['template', 'nested', 'alone', 'batch'])(
    'changes no row and shows no foreign one: %s',
    async (way) => {
      const [before, foreign] = [await state(), await foreignWords()];
      for (const texts of [WRITES, ...inPieces]) {
        const text = await call('bug', { way, texts });
        for (const word of foreign) expect(text).not.toContain(word);
      }
      expect(await state()).toEqual(before);
    },
    120_000,
  );

  test('does reach the database, so that something had to keep it from more', async () => {
    const text = await call('bug', { way: 'template', texts: ['SELECT name FROM app.customers'] });
    const { rows } = await superuser.query("SELECT name FROM app.customers WHERE tenant = 'north'");
    for (const { name } of rows) expect(text).toContain(name);
  });

  test('may not commit, run batches, or be another login', async () => {
    expect(await call('bug', { way: 'transaction', texts: ['SELECT 1'] })).toContain('rds-data:CommitTransaction');
    expect(await call('bug', { way: 'batch', texts: ['SELECT 1'] })).toContain('rds-data:BatchExecuteStatement');
    for (const other of ['mcp-write', 'migrate']) {
      const secretArn = variablesOf(cloud, other).DATABASE_SECRET_ARN;
      expect(await call('bug', { way: 'alone', texts: WRITES, secretArn })).toContain('AccessDenied');
    }
  });

  test('changes no row and shows no foreign one in a transaction that it makes writable and commits by text', async () => {
    const foreign = await foreignWords();
    const before = await state();
    for (const text of WRITES) {
      for (const last of ['COMMIT', 'SELECT 1']) {
        const said = await call('bug', { way: 'transaction', texts: ['SET TRANSACTION READ WRITE', text, last] });
        for (const word of foreign) expect(said).not.toContain(word);
      }
    }
    expect(await state()).toEqual(before);
  });

  // PostgreSQL lets every role change its own settings and password, so no grant can forbid it.
  test('can change the settings of its own login that way, which the next call does not feel, and the self-check names it', async () => {
    const set = ['search_path = app', 'default_transaction_read_only = off', 'statement_timeout = 0'];
    const changing = set.map((setting) => `ALTER ROLE CURRENT_USER SET ${setting}`);
    await call('bug', { way: 'transaction', texts: ['SET TRANSACTION READ WRITE', ...changing, 'COMMIT'] });
    // A session has the settings that it began with.
    await superuser.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mcp_reader'");
    const [before, foreign] = [await state(), await foreignWords()];
    const asserted = "current_setting('transaction_read_only') || current_setting('search_path')";
    const said = await call('bug', { way: 'template', texts: [`SELECT ${asserted} AS s`, ...WRITES] });
    expect(said.replaceAll('\\', '')).toContain('on"$user", public');
    for (const word of foreign) expect(said).not.toContain(word);
    expect(await state()).toEqual(before);
    const {
      DATABASE_CLUSTER_ARN: clusterArn = '',
      DATABASE_SECRET_ARN: secretArn = '',
      ...its
    } = variablesOf(cloud, 'migrate');
    const client = new RDSDataClient({ ...clientOptionsOf(cloud, 'migrate'), maxAttempts: 1 });
    const admin = createAdminDatabase({ client, clusterArn, secretArn, database: its.DATABASE_NAME ?? '' });
    const found = await admin.transaction(selfCheck);
    const undone = ['RESET search_path', 'SET default_transaction_read_only = on'];
    for (const change of [...undone, "SET statement_timeout = '5s'"]) {
      await superuser.query(`ALTER ROLE mcp_reader ${change}`);
    }
    for (const setting of set) expect(JSON.stringify(found)).toContain(setting.split(' ')[0]);
    expect(await admin.transaction(selfCheck)).toEqual([]);
    client.destroy();
  });
});

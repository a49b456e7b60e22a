import { BeginTransactionCommand, ExecuteStatementCommand, RollbackTransactionCommand } from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowContextKey, signRowContext } from '../../functions/adapters/row-context.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { aCaller } from '../support/callers.ts';
import { CLUSTER, type Login, SECRETS, type TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader, systemClock } from '../support/sql.ts';

/** What the database itself holds, whatever the function that asks it does: statements here go straight to the Data API. */
let database: TestDatabase;
beforeAll(async () => {
  database = await startMigratedDatabase();
});
afterAll(() => database.stop());

const ada = aCaller();
const dan = aCaller({ subject: 'dan', tenant: 'south' });
const keyOf = (secretArn: string) => rowContextKey(database.logins.get(secretArn) as Login);
const signed = (caller = ada, { secretArn = SECRETS.reader as string, at = systemClock.seconds() } = {}) =>
  signRowContext(keyOf(secretArn), caller, at);

type Attempt = {
  readonly secretArn?: string;
  readonly context?: string | undefined;
  /** `default` leaves it to the login's own setting. */
  readonly mode?: 'READ ONLY' | 'READ WRITE' | 'default';
};

/** One statement in a transaction of its own as a login; gives the rows, or the SQLSTATE. Rolled back. */
async function attempt(text: string, { secretArn = SECRETS.reader, context, mode = 'READ ONLY' }: Attempt = {}) {
  const target = { resourceArn: CLUSTER, secretArn };
  const { transactionId } = await database.client.send(new BeginTransactionCommand(target));
  const run = async (statement: string, value?: string) => {
    const parameters = value === undefined ? [] : [{ name: 'ctx', value: { stringValue: value } }];
    const command = new ExecuteStatementCommand({ ...target, transactionId, sql: statement, parameters });
    return (await database.client.send(command)).records ?? [];
  };
  try {
    if (mode !== 'default') await run(`SET TRANSACTION ${mode}`);
    if (context !== undefined) await run("SELECT set_config('app.ctx', :ctx, true) IS NOT NULL", context);
    return { rows: await run(text), state: undefined };
  } catch (error) {
    return { rows: [], state: /SQLState: (\w{5})/.exec((error as Error).message)?.[1] ?? (error as Error).name };
  } finally {
    await database.client.send(new RollbackTransactionCommand({ ...target, transactionId }));
  }
}

const ORDERS = 'SELECT id FROM app.orders';
const count = async (text: string, how?: Attempt) => (await attempt(text, how)).rows.length;

describe('rows', () => {
  test('each caller sees the rows of their tenant and no others', async () => {
    const read = aReader(database);
    const customers = sql`SELECT c.name, count(*) AS orders FROM app.customers c JOIN app.orders o ON o.customer_id = c.id GROUP BY 1`;
    const [north, south] = await Promise.all([read(ada, customers), read(dan, customers)]);
    expect([north.ok && north.value.length, south.ok && south.value.length]).toEqual([7, 5]);
    expect(JSON.stringify(north)).not.toContain('Kiri Walker');
    expect(await count(ORDERS, { context: signed() })).toBe(24);
  });

  test('somebody without a tenant sees nothing', async () => {
    const read = aReader(database);
    const nobody = { ...aCaller(), tenant: undefined };
    expect(await read(nobody, sql`SELECT 1 AS n FROM app.orders`)).toEqual({ ok: true, value: [] });
    expect(await read(aCaller({ tenant: '' }), sql`SELECT 1 AS n FROM app.orders`)).toEqual({ ok: true, value: [] });
    expect(await read(aCaller({ tenant: 'elsewhere' }), sql`SELECT 1 AS n FROM app.orders`)).toEqual({
      ok: true,
      value: [],
    });
  });

  test.each<[string, () => string | undefined]>([
    ['no context', () => undefined],
    ['an empty context', () => ''],
    ['a context in plain text', () => 'ada.north'],
    ['an expired context', () => signed(ada, { at: systemClock.seconds() - 61 })],
    ['a context that lives longer than a minute', () => signed(ada, { at: systemClock.seconds() + 3_600 })],
    ["a context signed with the writer's key", () => signed(ada, { secretArn: SECRETS.writer })],
    ['a context signed with a made-up key', () => signRowContext(Buffer.alloc(32), ada, systemClock.seconds())],
    ['another tenant under the old signature', () => signed().replace(hex('north'), hex('south'))],
    ['a longer life under the old signature', () => signed().replace(/\.\d{10}\./, `.${systemClock.seconds() + 65}.`)],
    ['a signature cut short', () => signed().slice(0, -1)],
    ['a signature with a changed digit', () => signed().replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))],
    ['no signature', () => signed().replace(/\.[0-9a-f]{64}$/, '.')],
    ['a signature of zeros', () => signed().replace(/[0-9a-f]{64}$/, '0'.repeat(64))],
    ['upper-case digits', () => signed().toUpperCase()],
    ['a line break at the end', () => `${signed()}\n`],
    ['a part too many', () => `${signed()}.00`],
    ['a context of a megabyte', () => `${'61'.repeat(500_000)}.${signed()}`],
  ])('%s gives no rows and no error', async (_what, context) => {
    expect(await attempt(ORDERS, { context: context() })).toEqual({ rows: [], state: undefined });
  });

  test.each([
    [
      'in a materialized CTE before the table is read',
      `WITH s AS MATERIALIZED (SELECT set_config('app.ctx', 'CTX', true) AS v)
      SELECT o.id FROM s, app.orders o WHERE s.v IS NOT NULL`,
    ],
    ['in a sub-select', `SELECT o.id FROM app.orders o WHERE (SELECT set_config('app.ctx', 'CTX', true)) IS NOT NULL`],
    [
      'by a name in escapes',
      `WITH s AS MATERIALIZED (SELECT U&"\\0073et_config"('app.ctx', 'CTX', true) AS v)
      SELECT o.id FROM s, app.orders o WHERE s.v IS NOT NULL`,
    ],
    [
      'by a query in XML',
      `SELECT query_to_xml('SELECT set_config(''app.ctx'', ''CTX'', true), id FROM app.orders', true, false, '')::text`,
    ],
  ])('setting another context %s shows nothing of another tenant', async (_how, template) => {
    const forged = `${hex('dan')}.${hex('south')}.${systemClock.seconds() + 50}.${'0'.repeat(64)}`;
    const answer = JSON.stringify(await attempt(template.replace('CTX', forged), { context: signed() }));
    for (const order of await database.asSuperuser("SELECT id FROM app.orders WHERE tenant = 'south'")) {
      expect(answer).not.toContain(String(order.id));
    }
  });

  test('a policy holds for the owner of the tables too', async () => {
    const owned = await database.asSuperuser(
      "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)",
    );
    expect(owned).toEqual([]);
    const target = { resourceArn: CLUSTER, secretArn: SECRETS.admin };
    const { transactionId } = await database.client.send(new BeginTransactionCommand(target));
    const asAdmin = (text: string) =>
      database.client.send(new ExecuteStatementCommand({ ...target, transactionId, sql: text }));
    await asAdmin('SET LOCAL ROLE mcp_owner');
    expect((await asAdmin('SELECT count(*) FROM app.orders')).records).toEqual([[{ longValue: 0 }]]);
    await database.client.send(new RollbackTransactionCommand({ ...target, transactionId }));
  });
});

describe('what the reader may not do', () => {
  test.each([
    ['INSERT', "INSERT INTO app.notes (ticket_id, body, request_id) VALUES (gen_random_uuid(), 'x', 'x')", '42501'],
    ['UPDATE', "UPDATE app.orders SET status = 'paid'", '42501'],
    ['DELETE', 'DELETE FROM app.notes', '42501'],
    ['TRUNCATE', 'TRUNCATE app.notes', '42501'],
    ['a temporary table', 'CREATE TEMP TABLE mine (n int)', '42501'],
    ['a table', 'CREATE TABLE app.mine (n int)', '42501'],
    ['a table in public', 'CREATE TABLE public.mine (n int)', '42501'],
    ['SELECT INTO', 'SELECT 1 AS n INTO app.mine', '42501'],
    ['EXPLAIN ANALYZE CREATE', 'EXPLAIN ANALYZE CREATE TABLE app.mine AS SELECT 1', '42501'],
    ['SET ROLE', 'SET ROLE mcp_writer', '42501'],
    ['SET SESSION AUTHORIZATION', 'SET SESSION AUTHORIZATION mcp_owner', '42501'],
    ['a lock', 'SELECT id FROM app.orders FOR UPDATE', '42501'],
    ['the keys', 'SELECT * FROM gatehouse.row_context_keys', '42501'],
    ['the migrations', 'SELECT * FROM migrations.applied', '42501'],
    ['the passwords', 'SELECT * FROM pg_authid', '42501'],
    ['files of the server', "SELECT pg_read_file('/etc/passwd')", '42501'],
    ['a column that is not granted', 'SELECT phone FROM app.customers', '42501'],
    ['all columns', 'SELECT * FROM app.customers', '42501'],
    ['a program', "COPY (SELECT 1) TO PROGRAM 'true'", '42501'],
    ['two statements', 'SET ROLE mcp_writer; SELECT 1', 'ValidationException'],
  ])('%s is denied by its grants alone, with nothing read-only around it', async (_what, text, state) => {
    // Its READ ONLY default is a setting that it may change; then only the grants are left.
    expect(await attempt(text, { mode: 'READ WRITE' })).toEqual({ rows: [], state });
  });

  test('no statement makes the transaction of a read writable', async () => {
    const read = aReader(database);
    const answer = await read(ada, sql`SELECT set_config('transaction_read_only', 'off', true) AS v`);
    expect(answer).toMatchObject({ ok: false, error: { sqlState: '25001' } });
  });

  test('it cannot change its own password or settings in a read', async () => {
    for (const text of [
      "ALTER ROLE CURRENT_USER PASSWORD 'x'",
      'ALTER ROLE CURRENT_USER SET default_transaction_read_only = off',
    ]) {
      expect(await attempt(text)).toMatchObject({ state: '25006' });
    }
  });

  test('the writer may add a note and mark an order, as itself and in its tenant, and no more', async () => {
    const how: Attempt = {
      secretArn: SECRETS.writer,
      mode: 'default',
      context: signed(ada, { secretArn: SECRETS.writer }),
    };
    const note = (columns: string, values: string) =>
      attempt(`INSERT INTO app.notes (${columns}) VALUES (${values}) RETURNING id`, how);
    const north = "'00000000-0000-4000-8000-000000e00001'";
    const south = "'00000000-0000-4000-8000-000000e00010'";
    expect((await note('ticket_id, body, request_id', `${north}, 'x', 'r1'`)).rows).toHaveLength(1);
    expect((await note('ticket_id, body, request_id', `${south}, 'x', 'r1'`)).state).toBe('23503');
    expect((await note('tenant, ticket_id, body, request_id', `'south', ${south}, 'x', 'r1'`)).state).toBe('42501');
    expect((await note('author, ticket_id, body, request_id', `'bob', ${north}, 'x', 'r1'`)).state).toBe('42501');
    expect(
      (await attempt("UPDATE app.orders SET status = 'refunded' WHERE id IS NOT NULL RETURNING id", how)).rows,
    ).toHaveLength(24);
    for (const text of [
      "UPDATE app.orders SET tenant = 'south'",
      'UPDATE app.orders SET total = 0',
      'DELETE FROM app.notes',
      'SELECT body FROM app.tickets',
    ]) {
      expect((await attempt(text, how)).state).toBe('42501');
    }
    expect(await count('SELECT id FROM app.orders', { secretArn: SECRETS.writer })).toBe(0);
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { createSqlReader } from '../../functions/adapters/data-api.ts';
import { rowContextKey } from '../../functions/adapters/row-context.ts';
import { defineTool } from '../../functions/core/tools/define.ts';
import { createRegistry } from '../../functions/core/tools/registry.ts';
import { aCall, aStack, CATALOGUE, clock, resultOf, type Stack, textOf } from '../core/tools/fixture/stack.ts';
import { token } from '../core/tools/fixture/tokens.ts';
import { CLUSTER, DATABASE, type Login, SECRETS, type TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';

/** A call whose time is up, or that cannot be recorded, leaves no statement behind in the real PostgreSQL. */
const slow = defineTool({
  name: 'slow',
  title: 'Slow',
  description: 'Sleeps in the database.',
  access: 'read',
  scopes: ['orders:read'],
  input: z.strictObject({}),
  output: z.array(z.object({ over: z.boolean() })),
  run: async (_input, { sql }) => sql`SELECT pg_sleep(4.5) IS NULL AS over`,
});

let database: TestDatabase;
let stack: (audit?: () => Promise<{ hash: string }>) => Stack;

beforeAll(async () => {
  database = await startMigratedDatabase();
  const read = createSqlReader({
    client: database.client,
    clusterArn: CLUSTER,
    secretArn: SECRETS.reader,
    database: DATABASE,
    contextKey: async () => rowContextKey(database.logins.get(SECRETS.reader) as Login),
    clock,
  });
  stack = (audit) => aStack({ read, registry: createRegistry([slow], CATALOGUE), ...(audit && { audit }) });
});
afterAll(() => database.stop());

const active = async () =>
  (await database.asSuperuser("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%AS over' AND state = 'active'"))
    .length;

function send(to: Stack, deadline: number) {
  const { headers, body } = aCall('slow', {}, token());
  const request = { method: 'POST', path: '/mcp', query: [], rawQuery: '', cookies: {}, requestId: 'r', headers, body };
  return to.handle(request, to.context({ deadline }));
}

test('a call whose time is up is told so, and its statement is gone', async () => {
  const answer = send(stack(), Date.now() + 2_500);
  await expect.poll(active, { interval: 20 }).toBe(1);
  const response = await answer;
  expect(resultOf(response)).toMatchObject({
    isError: true,
    _meta: { 'gatehouse/error': { code: expect.stringMatching(/^(?:timeout|database_timeout)$/), retry: true } },
  });
  expect(textOf(response)).toMatch(/was stopped/);
  await expect.poll(active, { timeout: 2_000, interval: 20 }).toBe(0);
});

test('a call that cannot be recorded stops its statement too', async () => {
  let fail: (error: Error) => void = () => {};
  const row = new Promise<{ hash: string }>((_resolve, reject) => {
    fail = reject;
  });
  const answer = send(
    stack(() => row),
    Date.now() + 28_000,
  );
  await expect.poll(active, { interval: 20 }).toBe(1);
  fail(new Error('the table is gone'));
  expect(textOf(await answer)).toMatch(/^audit unavailable/);
  await expect.poll(active, { timeout: 2_000, interval: 20 }).toBe(0);
});

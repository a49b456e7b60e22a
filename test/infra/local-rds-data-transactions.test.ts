import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLUSTER, SECRETS, startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase({ transactionIdle: 400 });
  await run('CREATE TABLE notes (text text)');
});
afterAll(() => database.stop());

const target = { resourceArn: CLUSTER, secretArn: SECRETS.admin };
const begin = async () => (await database.client.send(new BeginTransactionCommand(target))).transactionId ?? '';
const run = (sql: string, transactionId?: string, more = {}) =>
  database.client.send(new ExecuteStatementCommand({ ...target, sql, transactionId, ...more }));
const commit = (transactionId: string, more = {}) =>
  database.client.send(new CommitTransactionCommand({ ...target, transactionId, ...more }));
const rollback = (transactionId: string) =>
  database.client.send(new RollbackTransactionCommand({ ...target, transactionId }));
const notes = async () =>
  (await run('SELECT text FROM notes ORDER BY text')).records?.map(([field]) => field?.stringValue);

test('a commit keeps, a rollback drops, and both end the transaction', async () => {
  const kept = await begin();
  await run("INSERT INTO notes VALUES ('kept')", kept);
  expect(await notes()).toEqual([]);
  expect((await commit(kept)).transactionStatus).toBe('Transaction Committed');
  const dropped = await begin();
  await run("INSERT INTO notes VALUES ('dropped')", dropped);
  expect((await rollback(dropped)).transactionStatus).toBe('Rollback Complete');
  expect(await notes()).toEqual(['kept']);
  await expect(commit(kept)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  await expect(run('SELECT 1', dropped)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
});

test('a transaction belongs to the cluster and the secret it was begun with', async () => {
  const id = await begin();
  database.logins.set('other', { username: 'gatehouse_admin', password: 'admin0Password' });
  const notFound = { name: 'TransactionNotFoundException' };
  await expect(run('SELECT 1', id, { secretArn: 'other' })).rejects.toMatchObject(notFound);
  await expect(commit(id, { secretArn: 'other' })).rejects.toMatchObject(notFound);
  await expect(run('SELECT 1', id, { resourceArn: 'arn:other' })).rejects.toMatchObject(notFound);
  await expect(run('SELECT 1', id, { database: 'postgres' })).rejects.toMatchObject({ name: 'BadRequestException' });
  await rollback(id);
});

test('a second call while one runs is refused, and the first is unharmed', async () => {
  const id = await begin();
  const first = run("SELECT pg_sleep(0.3) IS NULL, 'first'", id);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(run('SELECT 2', id)).rejects.toMatchObject({ message: 'Transaction is still running a query' });
  expect((await first).records?.[0]?.[1]).toEqual({ stringValue: 'first' });
  await rollback(id);
});

test('an idle transaction is rolled back and forgotten, one in use is not', async () => {
  const id = await begin();
  await run("INSERT INTO notes VALUES ('idle')", id);
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await run('SELECT 1', id);
  }
  await new Promise((resolve) => setTimeout(resolve, 700));
  await expect(run('SELECT 1', id)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  expect(await notes()).not.toContain('idle');
});

test('after a result that is too large the transaction is gone, and nothing of it was kept', async () => {
  const id = await begin();
  await run("INSERT INTO notes VALUES ('too large')", id);
  await expect(run("SELECT repeat('x', 70000)", id)).rejects.toMatchObject({ name: 'UnsupportedResultException' });
  await expect(run('SELECT 1', id)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  await expect(commit(id)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  expect(await notes()).not.toContain('too large');
});

test('after a failed statement the transaction takes no more, and its commit says that nothing was kept', async () => {
  const id = await begin();
  await run("INSERT INTO notes VALUES ('failed')", id);
  await expect(run('SELECT 1/0', id)).rejects.toMatchObject({ message: expect.stringContaining('SQLState: 22012') });
  await expect(run('SELECT 1', id)).rejects.toMatchObject({ message: expect.stringContaining('SQLState: 25P02') });
  await expect(commit(id)).rejects.toMatchObject({ name: 'DatabaseErrorException' });
  expect(await notes()).not.toContain('failed');
});

test('settings made in a transaction end with it', async () => {
  const id = await begin();
  await run("SELECT set_config('app.ctx', 'mine', false)", id);
  await commit(id);
  const seen = (await run("SELECT current_setting('app.ctx', true)")).records?.[0]?.[0];
  expect(seen?.stringValue ?? '').toBe('');
});

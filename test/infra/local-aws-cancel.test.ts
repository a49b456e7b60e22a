import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../infra/local/postgres.ts';
import { createRdsData, type RdsData } from '../../infra/local/rds-data/rds-data.ts';
import { type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

/** A caller that goes away takes its statement with it, all the way from the SDK to a real PostgreSQL. */
let directory: string;
let postgres: Postgres;
let rdsData: RdsData;
let running: RunningEndpoint;
let superuser: pg.Client;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-cancel-'));
  chmodSync(directory, 0o755);
  postgres = await startPostgres({ directory, durable: false });
  const { host, port } = postgres;
  const login = { username: postgres.superuser.user, password: postgres.superuser.password };
  rdsData = createRdsData({ host, port, database: 'postgres', readSecret: async () => login });
  running = await startEndpoint({ rdsData });
  superuser = new pg.Client({ ...postgres, ...postgres.superuser, database: 'postgres' });
  await superuser.connect();
});
afterAll(async () => {
  await running.close();
  await rdsData.close();
  await superuser.end();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('a request that is aborted cancels its statement in the database', async () => {
  const client = new RDSDataClient(running.as('ReaderFunction'));
  const gone = new AbortController();
  const sql = 'SELECT pg_sleep(40) IS NULL AS left_alone';
  const target = { resourceArn: running.arn('Cluster'), secretArn: running.ref('ReaderSecret') };
  const call = client.send(new ExecuteStatementCommand({ ...target, sql }), { abortSignal: gone.signal });
  call.catch(() => undefined);
  const active = async () => {
    const found = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%AS left_alone' AND state = 'active'";
    return (await superuser.query(found)).rowCount;
  };
  await expect.poll(active, { timeout: 10_000 }).toBe(1);
  gone.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(active, { timeout: 10_000 }).toBe(0);
});

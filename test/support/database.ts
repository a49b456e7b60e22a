import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../infra/local/postgres.ts';
import { ensureDatabase } from '../../infra/local/postgres-database.ts';
import { createRdsData } from '../../infra/local/rds-data/rds-data.ts';
import { type DataApiServer, serveDataApi } from './data-api-server.ts';

export const CLUSTER = 'arn:aws:rds:us-east-1:000000000000:cluster:gatehouse';
export const DATABASE = 'gatehouse';
const secretArn = (name: string) => `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AbCdEf`;
export const SECRETS = { admin: secretArn('admin'), reader: secretArn('reader'), writer: secretArn('writer') } as const;

export type Login = { readonly username: string; readonly password: string };

export type TestDatabase = {
  readonly postgres: Postgres;
  readonly api: DataApiServer;
  /** The real SDK client, talking to the Data API front over HTTP. */
  readonly client: RDSDataClient;
  /** What each secret holds. A test may change it. */
  readonly logins: Map<string, Login>;
  /** While true, the cluster answers as one that sleeps at 0 ACU. */
  paused: boolean;
  /** Runs a statement as the superuser, past every rule: for looking, and for breaking things on purpose. */
  readonly asSuperuser: (sql: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;
  /** Throws everything away: the database as RDS hands it over, before any migration. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A real PostgreSQL 17 below the temporary directory with the Data API in front of it, and the three secrets of the
 * stack. The admin exists; the reader and the writer are made by the migrations. Every test file stops its own.
 */
export async function startDatabase(
  options: { readonly statementTimeout?: number; readonly transactionIdle?: number } = {},
): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-database-'));
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(directory, 0o755);
  const logins = new Map<string, Login>([
    [SECRETS.admin, { username: 'gatehouse_admin', password: 'admin0Password' }],
    [SECRETS.reader, { username: 'mcp_reader', password: 'reader0Password' }],
    [SECRETS.writer, { username: 'mcp_writer', password: 'writer0Password' }],
  ]);
  const postgres = await startPostgres({ directory, durable: false });
  const admin = logins.get(SECRETS.admin) as Login;
  const create = () =>
    ensureDatabase({ postgres, database: DATABASE, adminUser: admin.username, adminPassword: admin.password });
  await create();
  const { host, port } = postgres;
  const rdsData = createRdsData({
    host,
    port,
    clusterArn: CLUSTER,
    database: DATABASE,
    readSecret: async (arn) => logins.get(arn),
    paused: () => handle.paused,
    ...options,
  });
  const api = await serveDataApi(rdsData);
  const client = new RDSDataClient({
    endpoint: api.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const superuser = new pg.Pool({ ...postgres, ...postgres.superuser, database: DATABASE, max: 2 });
  superuser.on('error', () => undefined);
  superuser.on('connect', (lent) => lent.on('error', () => undefined));
  const handle: TestDatabase = {
    postgres,
    api,
    client,
    logins,
    paused: false,
    asSuperuser: async (sql, values = []) => (await superuser.query(sql, [...values])).rows,
    reset: async () => {
      const operator = new pg.Client({ ...postgres, ...postgres.superuser, database: 'postgres' });
      await operator.connect();
      try {
        await operator.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
        const roles = await operator.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'mcp\\_%'");
        for (const { rolname } of roles.rows) await operator.query(`DROP ROLE ${rolname}`);
      } finally {
        await operator.end();
      }
      await create();
    },
    stop: async () => {
      client.destroy();
      await api.close();
      await rdsData.close();
      await superuser.end();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return handle;
}

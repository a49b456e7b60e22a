import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { startPostgres } from '../../infra/local/postgres.ts';
import { ensureDatabase } from '../../infra/local/postgres-database.ts';
import { createRdsData } from '../../infra/local/rds-data/rds-data.ts';
import { serveDataApi } from '../support/data-api-server.ts';
import type { Caller } from './signed-call.ts';

/** The setting `database`. */
export type Database = { readonly kind: 'none' } | Existing;

type Existing = {
  readonly kind: 'existing';
  readonly clusterArn: string;
  readonly name: string;
  readonly adminSecretArn: string | undefined;
};

/**
 * The RDS Data API of the local cloud, over a PostgreSQL of its own: the part of an account that the emulator has not
 * without Docker. Logins are those of the secrets in the emulator, as on AWS.
 */
export type Rows = {
  /** For `AWS_ENDPOINT_URL_RDS_DATA` of the functions. */
  readonly endpoint: string;
  /** Makes the secret of the database's administrator there. Resolves to the setting `database`. */
  readonly ownedBy: (caller: Caller) => Promise<Database>;
  readonly stop: () => Promise<void>;
};

const CLUSTER = 'arn:aws:rds:us-east-1:000000000000:cluster:elsewhere';
const DATABASE = 'gatehouse';
const ADMIN = { username: 'gatehouse_admin', password: randomUUID() } as const;

/** Starts both, on loopback. @throws Error when PostgreSQL does not start */
export async function startRows(): Promise<Rows> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-deploy-'));
  try {
    return await startIn(directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(directory: string): Promise<Rows> {
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(directory, 0o755);
  const postgres = await startPostgres({ directory, durable: false });
  await ensureDatabase({ postgres, database: DATABASE, adminUser: ADMIN.username, adminPassword: ADMIN.password });
  let secrets: SecretsManagerClient | undefined;
  const { host, port } = postgres;
  const rdsData = createRdsData({
    host,
    port,
    clusterArn: CLUSTER,
    database: DATABASE,
    readSecret: async (SecretId) => {
      const { SecretString = '{}' } = (await secrets?.send(new GetSecretValueCommand({ SecretId }))) ?? {};
      return JSON.parse(SecretString);
    },
  });
  const api = await serveDataApi(rdsData);
  return {
    endpoint: api.url,
    ownedBy: async ({ endpoint, region, ...credentials }) => {
      secrets = new SecretsManagerClient({ endpoint, region, credentials });
      const secret = { Name: 'gatehouse-deploy-admin', SecretString: JSON.stringify(ADMIN) };
      const { ARN: adminSecretArn } = await secrets.send(new CreateSecretCommand(secret));
      return { kind: 'existing', clusterArn: CLUSTER, name: DATABASE, adminSecretArn };
    },
    stop: async () => {
      secrets?.destroy();
      await api.close();
      await rdsData.close();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

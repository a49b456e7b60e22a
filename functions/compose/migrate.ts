import { join } from 'node:path';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAdminDatabase } from '../adapters/data-api-admin.ts';
import { createPublicKeyReader } from '../adapters/kms-public-keys.ts';
import { createKmsClient } from '../adapters/kms-signer.ts';
import { createSecretReader, readLogin } from '../adapters/secrets.ts';
import { systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { DeployStopped, type MigratePorts } from '../migrate/ports.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf } from './served.ts';

/** At deploy time. The only function that reads the admin secret. */
export function composeMigrate(): MigratePorts {
  const config = configOf('migrate');
  return {
    ...(config.DATABASE ? portsAtDatabase() : NO_DATABASE),
    publicKey: createPublicKeyReader(createKmsClient()),
    random: systemRandom,
    log: loggerOf(config),
  };
}

type DatabasePorts = Pick<MigratePorts, 'database' | 'logins' | 'sampleData' | 'migrations'>;

function portsAtDatabase(): DatabasePorts {
  const config = configOf('migrateAtDatabase');
  const readSecret = createSecretReader(new SecretsManagerClient(BOUNDED));
  return {
    database: createAdminDatabase({
      client: new RDSDataClient({ maxAttempts: 1 }),
      clusterArn: config.DATABASE_CLUSTER_ARN,
      secretArn: config.DATABASE_SECRET_ARN,
      database: config.DATABASE_NAME,
    }),
    logins: () =>
      Promise.all([config.READER_SECRET_ARN, config.WRITER_SECRET_ARN].map((arn) => readLogin(readSecret, arn))),
    sampleData: config.SAMPLE_DATA === 'true',
    migrations: join(config.LAMBDA_TASK_ROOT, 'migrations'),
  };
}

/** A stack without a database has public keys to publish, and no resource that would ask for more. */
const NO_DATABASE: DatabasePorts = {
  database: { transaction: () => Promise.reject(new DeployStopped('this stack has no database')) },
  logins: async () => [],
  sampleData: false,
  migrations: '',
};

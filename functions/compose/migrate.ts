import { join } from 'node:path';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAdminDatabase } from '../adapters/data-api-admin.ts';
import { createPublicKeyReader } from '../adapters/kms-public-keys.ts';
import { createKmsClient } from '../adapters/kms-signer.ts';
import { createSecretReader, readLogin } from '../adapters/secrets.ts';
import { systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import type { MigratePorts } from '../migrate/ports.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf } from './served.ts';

/** At deploy time. The only function that reads the admin secret. */
export function composeMigrate(): MigratePorts {
  const config = configOf('migrate');
  const readSecret = createSecretReader(new SecretsManagerClient(BOUNDED));
  const logger = loggerOf(config);
  return {
    database: createAdminDatabase({
      client: new RDSDataClient({ maxAttempts: 1 }),
      clusterArn: config.DATABASE_CLUSTER_ARN,
      secretArn: config.DATABASE_SECRET_ARN,
      database: config.DATABASE_NAME,
    }),
    logins: () =>
      Promise.all([config.READER_SECRET_ARN, config.WRITER_SECRET_ARN].map((arn) => readLogin(readSecret, arn))),
    publicKey: createPublicKeyReader(createKmsClient()),
    migrations: join(config.LAMBDA_TASK_ROOT, 'migrations'),
    random: systemRandom,
    log: logger,
  };
}

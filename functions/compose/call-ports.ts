import type { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createTokenVerifier } from '../adapters/access-token.ts';
import { createAuditLog } from '../adapters/audit-log.ts';
import { createAuditMac } from '../adapters/audit-mac.ts';
import { createKmsClient } from '../adapters/kms-signer.ts';
import type { Meter } from '../adapters/metrics.ts';
import { rowContextKeyOf } from '../adapters/row-context.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { cacheVerified } from '../adapters/token-cache.ts';
import type { Config } from '../config.ts';
import { BOUNDED } from './limits.ts';
import { resourceOf } from './resource.ts';

/** Verified offline, with keys that came with the deployment, and remembered for a minute at most. */
export function verifierOf(config: Config<'mcp'> | Config<'mcpWrite'>) {
  const { keys } = config.TOKEN_KEYS;
  const verify = createTokenVerifier({ issuer: config.ISSUER, audience: resourceOf(config), keys, clock: systemClock });
  return cacheVerified(verify, systemClock);
}

/** One chain of audit rows for this environment. The SDK repeats nothing: the log knows which duplicate is its own. */
export function auditOf(
  config: Config<'mcp'> | Config<'mcpWrite'>,
  { logger, meter }: { readonly logger: Logger; readonly meter: Meter },
) {
  const log = createAuditLog({
    client: new DynamoDBClient({ ...BOUNDED, maxAttempts: 1 }),
    table: config.AUDIT_TABLE,
    mac: createAuditMac({ client: createKmsClient(), keyId: config.AUDIT_MAC_KEY_ARN }),
    clock: systemClock,
    random: systemRandom,
    log: (line) => logger.info('audit', line),
  });
  return meter.hearing(log.append);
}

/** The database as the login of this function's own secret, which is the only one its role may read. */
export function databaseOf(
  config: Config<'mcpAtDatabase'> | Config<'mcpWrite'>,
  readSecret = createSecretReader(new SecretsManagerClient(BOUNDED)),
) {
  return {
    // Retries are the adapter's: it knows which statement may be repeated.
    client: new RDSDataClient({ maxAttempts: 1 }),
    clusterArn: config.DATABASE_CLUSTER_ARN,
    secretArn: config.DATABASE_SECRET_ARN,
    database: config.DATABASE_NAME,
    contextKey: rowContextKeyOf(readSecret, config.DATABASE_SECRET_ARN),
    clock: systemClock,
  };
}

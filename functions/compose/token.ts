import { createDynamoDbAssertions } from '../adapters/dynamodb-assertions.ts';
import { createGatheredReads } from '../adapters/dynamodb-gathered-reads.ts';
import { createDynamoDbGrants } from '../adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry } from '../adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from '../adapters/dynamodb-table.ts';
import { createDynamoDbTokenBuckets } from '../adapters/dynamodb-token-buckets.ts';
import { createKmsClient, createKmsSigner } from '../adapters/kms-signer.ts';
import { openAssertion } from '../adapters/open-assertion.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { signInMetrics } from '../core/metrics/sign-in-metrics.ts';
import { createAllowance } from '../core/oauth/allowance.ts';
import type { LambdaHandler } from '../http/endpoint.ts';
import { createOriginGate } from '../http/origin.ts';
import { createTokenRoutes } from '../token/routes.ts';
import { auditOfEvents } from './audit-of-events.ts';
import { knownClients } from './known-clients.ts';
import { resourceOf } from './resource.ts';
import { loggerOf, meterOf, served } from './served.ts';

/** POST /token and POST /revoke. The only function that can sign a token. */
export function composeToken(): LambdaHandler {
  const config = configOf('token');
  const logger = loggerOf(config);
  const meter = meterOf(config, logger, signInMetrics);
  const dynamodb = createDynamoDbClient();
  // Newest first: tokens are signed with the key that was published last, and verified with all of them.
  const [newest] = config.TOKEN_KEYS.keys;
  if (!newest) throw new Error('TOKEN_KEYS is empty: there is no key to sign tokens with');
  const reads = createGatheredReads(dynamodb);
  const registryTable = createTable(dynamodb, config.REGISTRY_TABLE, reads);
  const registry = createDynamoDbRegistry(registryTable);
  const grants = createTable(dynamodb, config.GRANTS_TABLE, reads);
  const routes = createTokenRoutes({
    clock: systemClock,
    random: systemRandom,
    registry: { ...registry, ...knownClients(registry, registryTable, config) },
    grants: createDynamoDbGrants(grants),
    assertions: createDynamoDbAssertions(grants, systemRandom),
    openAssertion,
    allowance: createAllowance({
      clock: systemClock,
      buckets: createDynamoDbTokenBuckets(grants),
      limit: { rate: config.CLIENT_RATE, burst: config.CLIENT_BURST },
    }),
    signer: createKmsSigner(createKmsClient(), config.TOKEN_SIGNING_KEY_ARN, newest.kid),
    issuer: config.ISSUER,
    resource: resourceOf(config),
    audit: auditOfEvents(config, { logger, meter }),
    refreshGrace: config.REFRESH_GRACE_SECONDS,
    origins: createOriginGate(config.ISSUER, config.ALLOWED_ORIGINS),
  });
  return served(config, { logger, meter }, routes);
}

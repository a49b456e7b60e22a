import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createDynamoDbGrants } from '../adapters/dynamodb-grants.ts';
import { createDynamoDbClient, createTable } from '../adapters/dynamodb-table.ts';
import { createDynamoDbTransactions } from '../adapters/dynamodb-transactions.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { createUpstreamIdentityProvider } from '../adapters/upstream-idp.ts';
import { createMemberships } from '../adapters/workos-memberships.ts';
import { createAuthorizeRoutes } from '../authorize/routes.ts';
import { configOf } from '../config.ts';
import { signInMetrics } from '../core/metrics/sign-in-metrics.ts';
import type { LambdaHandler } from '../http/endpoint.ts';
import { clientsOf } from './arriving-clients.ts';
import { auditOfEvents } from './audit-of-events.ts';
import { BOUNDED } from './limits.ts';
import { resourceOf } from './resource.ts';
import { loggerOf, meterOf, served } from './served.ts';

/** GET /authorize, POST /consent, GET /callback. Holds the identity provider's secret; nothing here can sign. */
export function composeAuthorize(): LambdaHandler {
  const config = configOf('authorize');
  const logger = loggerOf(config);
  const meter = meterOf(config, logger, signInMetrics);
  const dynamodb = createDynamoDbClient();
  const grants = createTable(dynamodb, config.GRANTS_TABLE);
  const clients = clientsOf(createTable(dynamodb, config.REGISTRY_TABLE), config);
  const secretsManager = new SecretsManagerClient(BOUNDED);
  // A new reader each time: it is asked again only after the provider refused the secret it had. A secret that was put
  // from a file may end as files do.
  const readSecret = async (arn: string) => (await createSecretReader(secretsManager)(arn)).trim();
  const atWorkos = config.IDENTITY_KIND === 'workos' ? configOf('authorizeAtWorkos') : undefined;
  const identity = createUpstreamIdentityProvider({
    kind: config.IDENTITY_KIND,
    name: config.IDENTITY_NAME,
    issuer: config.IDENTITY_ISSUER,
    clientId: config.IDENTITY_CLIENT_ID,
    readSecret: () => readSecret(config.IDENTITY_SECRET_ARN),
    redirectUri: `${config.ISSUER}/callback`,
    rolesClaim: config.IDENTITY_ROLES_CLAIM,
    rolesSeparator: config.IDENTITY_ROLES_SEPARATOR === 'none' ? undefined : config.IDENTITY_ROLES_SEPARATOR,
    tenantClaim: config.IDENTITY_TENANT_CLAIM,
    memberships:
      atWorkos &&
      createMemberships({
        apiUrl: atWorkos.WORKOS_API_URL,
        readApiKey: () => readSecret(atWorkos.WORKOS_API_KEY_ARN),
      }),
  });
  const routes = createAuthorizeRoutes({
    clock: systemClock,
    random: systemRandom,
    ...clients,
    transactions: createDynamoDbTransactions(grants),
    grants: createDynamoDbGrants(grants),
    identity,
    audit: auditOfEvents(config, { logger, meter }),
    issuer: config.ISSUER,
    resource: resourceOf(config),
    scopes: config.SCOPES,
    defaultScope: config.DEFAULT_SCOPES,
    roles: config.ROLES,
    implies: config.IMPLIES,
  });
  return served(config, { logger, meter }, routes);
}

import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import packageJson from '../package.json' with { type: 'json' };
import { createTokenVerifier } from './adapters/access-token.ts';
import { createAuditLog } from './adapters/audit-log.ts';
import { createAuditMac } from './adapters/audit-mac.ts';
import { readAuditTable } from './adapters/audit-reader.ts';
import { createSqlReader, createSqlWriter } from './adapters/data-api.ts';
import { createAdminDatabase } from './adapters/data-api-admin.ts';
import { createDynamoDbGrants } from './adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry } from './adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from './adapters/dynamodb-table.ts';
import { createDynamoDbTransactions } from './adapters/dynamodb-transactions.ts';
import { createPublicKeyReader } from './adapters/kms-public-keys.ts';
import { createKmsClient, createKmsSigner } from './adapters/kms-signer.ts';
import { createWriteInvoker } from './adapters/lambda-invoke.ts';
import { createMcpEngine } from './adapters/mcp-engine.ts';
import { rowContextKeyOf } from './adapters/row-context.ts';
import { createSecretReader, readLogin } from './adapters/secrets.ts';
import { systemClock, systemRandom } from './adapters/system.ts';
import { cacheVerified } from './adapters/token-cache.ts';
import { createUpstreamIdentityProvider } from './adapters/upstream-idp.ts';
import { createAuthorizeRoutes } from './authorize/routes.ts';
import { type Config, configOf } from './config.ts';
import { presetsNamed } from './core/oauth/presets/index.ts';
import { createRegistry } from './core/tools/registry.ts';
import { endpoint, type Handle, type LambdaHandler } from './http/endpoint.ts';
import { createOriginGate } from './http/origin.ts';
import { MESSAGE_LIMIT } from './mcp/read-message.ts';
import { createMcpRoutes } from './mcp/routes.ts';
import { createWriteFunction, type WriteFunction } from './mcp-write/write-function.ts';
import type { MigratePorts } from './migrate/ports.ts';
import { createRegisterRoutes } from './register/routes.ts';
import { createSeal, type SealReport } from './seal/seal.ts';
import { createTokenRoutes } from './token/routes.ts';
import { tools } from './tools/index.ts';
import { createWellKnown } from './well-known/serve.ts';

/**
 * From configuration to wired ports, one function each. The only place that makes a client or an adapter; a bundle keeps
 * the one `compose…` its handler calls and drops the rest.
 */

const KIB = 1024;

/** The well-known documents. Loads no SDK, no middy and no logger. */
export function composeWellKnown(): ReturnType<typeof createWellKnown> {
  const config = configOf('wellKnown');
  return createWellKnown({
    issuer: config.ISSUER,
    resource: resourceOf(config),
    catalogue: Object.keys(config.SCOPES),
    defaultScope: config.DEFAULT_SCOPES,
    registration: config.REGISTRATION_MODE,
    keys: config.TOKEN_KEYS.keys,
  });
}

/** POST /register. */
export function composeRegister(): LambdaHandler {
  const config = configOf('register');
  const routes = createRegisterRoutes({
    clock: systemClock,
    registry: createDynamoDbRegistry(createTable(createDynamoDbClient(), config.REGISTRY_TABLE)),
    vetted: presetsNamed(config.VETTED_CLIENTS),
    catalogue: Object.keys(config.SCOPES),
    mode: config.REGISTRATION_MODE,
    origins: createOriginGate(config.ISSUER),
  });
  return served(config, 16 * KIB, routes);
}

/** GET /authorize, POST /consent, GET /callback. Holds the identity provider's secret; nothing here can sign. */
export function composeAuthorize(): LambdaHandler {
  const config = configOf('authorize');
  const dynamodb = createDynamoDbClient();
  const grants = createTable(dynamodb, config.GRANTS_TABLE);
  const secretsManager = new SecretsManagerClient(BOUNDED);
  const identity = createUpstreamIdentityProvider({
    kind: config.IDENTITY_KIND,
    name: config.IDENTITY_NAME,
    issuer: config.IDENTITY_ISSUER,
    clientId: config.IDENTITY_CLIENT_ID,
    // A new reader each time: it is asked again only after the provider refused the secret it had.
    readSecret: () => createSecretReader(secretsManager)(config.IDENTITY_SECRET_ARN),
    redirectUri: `${config.ISSUER}/callback`,
    rolesClaim: config.IDENTITY_ROLES_CLAIM,
    tenantClaim: config.IDENTITY_TENANT_CLAIM,
  });
  const routes = createAuthorizeRoutes({
    clock: systemClock,
    random: systemRandom,
    registry: createDynamoDbRegistry(createTable(dynamodb, config.REGISTRY_TABLE)),
    transactions: createDynamoDbTransactions(grants),
    grants: createDynamoDbGrants(grants),
    identity,
    issuer: config.ISSUER,
    resource: resourceOf(config),
    scopes: config.SCOPES,
    defaultScope: config.DEFAULT_SCOPES,
    roles: config.ROLES,
  });
  return served(config, 16 * KIB, routes);
}

/** POST /token and POST /revoke. The only function that can sign a token. */
export function composeToken(): LambdaHandler {
  const config = configOf('token');
  const dynamodb = createDynamoDbClient();
  // Newest first: tokens are signed with the key that was published last, and verified with all of them.
  const [newest] = config.TOKEN_KEYS.keys;
  if (!newest) throw new Error('TOKEN_KEYS is empty: there is no key to sign tokens with');
  const routes = createTokenRoutes({
    clock: systemClock,
    random: systemRandom,
    registry: createDynamoDbRegistry(createTable(dynamodb, config.REGISTRY_TABLE)),
    grants: createDynamoDbGrants(createTable(dynamodb, config.GRANTS_TABLE)),
    signer: createKmsSigner(createKmsClient(), config.TOKEN_SIGNING_KEY_ARN, newest.kid),
    issuer: config.ISSUER,
    resource: resourceOf(config),
    refreshGrace: config.REFRESH_GRACE_SECONDS,
    origins: createOriginGate(config.ISSUER),
  });
  return served(config, 16 * KIB, routes);
}

/** POST /mcp. Reads as `mcp_reader`; a write goes to the write function with the caller's token. */
export function composeMcp(): LambdaHandler {
  const config = configOf('mcp');
  const logger = loggerOf(config);
  const routes = createMcpRoutes({
    issuer: config.ISSUER,
    defaultScopes: config.DEFAULT_SCOPES,
    verify: verifierOf(config),
    engine: createMcpEngine({ url: resourceOf(config), version: packageJson.version }),
    clock: systemClock,
    registry: createRegistry(tools, Object.keys(config.SCOPES)),
    policy: { roles: config.ROLES },
    audit: auditOf(config, logger),
    read: createSqlReader(databaseOf(config)),
    write: createWriteInvoker(new LambdaClient(ONCE), config.WRITE_FUNCTION),
    nonce: () => systemRandom(16).toString('hex'),
  });
  return endpoint({ logger, clock: systemClock, maxBody: MESSAGE_LIMIT }, routes);
}

/** Invoked by `mcp`; no route leads here. Writes as `mcp_writer`. */
export function composeMcpWrite(): WriteFunction {
  const config = configOf('mcpWrite');
  const logger = loggerOf(config);
  return createWriteFunction({
    registry: createRegistry(tools, Object.keys(config.SCOPES)),
    policy: { roles: config.ROLES },
    verify: verifierOf(config),
    audit: auditOf(config, logger),
    transact: createSqlWriter(databaseOf(config)),
    logger,
    clock: systemClock,
  });
}

/** Every five minutes: verifies the audit log's chains. */
export function composeSeal(): () => Promise<SealReport> {
  const config = configOf('seal');
  const client = new DynamoDBClient(BOUNDED);
  return createSeal({ reader: readAuditTable(client, config.AUDIT_TABLE), clock: systemClock, log: loggerOf(config) });
}

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

/** No call of a request path may outlast the request: connect in 1 s, answer in 3 s, at most three times. */
const BOUNDED = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** A write may take 20 s, and is not repeated by the SDK: a call whose answer got lost may have had its effect. */
const ONCE = {
  maxAttempts: 1,
  requestHandler: { ...BOUNDED.requestHandler, requestTimeout: 26_000 },
} as const;

function served(config: { readonly POWERTOOLS_SERVICE_NAME: string }, maxBody: number, handle: Handle): LambdaHandler {
  return endpoint({ logger: loggerOf(config), clock: systemClock, maxBody }, handle);
}

function loggerOf({ POWERTOOLS_SERVICE_NAME: serviceName }: { readonly POWERTOOLS_SERVICE_NAME: string }): Logger {
  return new Logger({ serviceName });
}

/** RFC 8707: the one resource of this server, and the one audience of its tokens. */
function resourceOf({ ISSUER }: { readonly ISSUER: string }): string {
  return `${ISSUER}/mcp`;
}

function verifierOf(config: Config<'mcp'> | Config<'mcpWrite'>) {
  const { keys } = config.TOKEN_KEYS;
  const verify = createTokenVerifier({ issuer: config.ISSUER, audience: resourceOf(config), keys, clock: systemClock });
  return cacheVerified(verify, systemClock);
}

/** One chain of audit rows for this environment. The SDK repeats nothing: the log knows which duplicate is its own. */
function auditOf(config: Config<'mcp'> | Config<'mcpWrite'>, logger: Logger) {
  const log = createAuditLog({
    client: new DynamoDBClient({ ...BOUNDED, maxAttempts: 1 }),
    table: config.AUDIT_TABLE,
    mac: createAuditMac({ client: createKmsClient(), keyId: config.AUDIT_MAC_KEY_ARN }),
    clock: systemClock,
    random: systemRandom,
    log: (line) => logger.info('audit', line),
  });
  return log.append;
}

/** The database as the login of this function's own secret, which is the only one its role may read. */
function databaseOf(config: Config<'mcp'> | Config<'mcpWrite'>) {
  const readSecret = createSecretReader(new SecretsManagerClient(BOUNDED));
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

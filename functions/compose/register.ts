import { createDynamoDbInitialAccessTokens } from '../adapters/dynamodb-initial-access-tokens.ts';
import { createDynamoDbRegistry } from '../adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from '../adapters/dynamodb-table.ts';
import { systemClock } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { signInMetrics } from '../core/metrics/sign-in-metrics.ts';
import { presetsNamed } from '../core/oauth/presets/index.ts';
import type { LambdaHandler } from '../http/endpoint.ts';
import { createOriginGate } from '../http/origin.ts';
import { createRegisterRoutes } from '../register/routes.ts';
import { auditOfEvents } from './audit-of-events.ts';
import { loggerOf, meterOf, served } from './served.ts';

/** POST /register. */
export function composeRegister(): LambdaHandler {
  const config = configOf('register');
  const logger = loggerOf(config);
  const meter = meterOf(config, logger, signInMetrics);
  const table = createTable(createDynamoDbClient(), config.REGISTRY_TABLE);
  const mode = config.REGISTRATION_MODE;
  const routes = createRegisterRoutes({
    clock: systemClock,
    registry: createDynamoDbRegistry(table),
    vetted: presetsNamed(config.VETTED_CLIENTS),
    catalogue: Object.keys(config.SCOPES),
    audit: auditOfEvents(config, { logger, meter }),
    issuer: config.ISSUER,
    origins: createOriginGate(config.ISSUER, config.ALLOWED_ORIGINS),
    ...(mode === 'token' ? { mode, tokens: createDynamoDbInitialAccessTokens(table) } : { mode }),
  });
  return served(config, { logger, meter }, routes);
}

import { createDynamoDbRegistry } from '../adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from '../adapters/dynamodb-table.ts';
import { systemClock } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { presetsNamed } from '../core/oauth/presets/index.ts';
import type { LambdaHandler } from '../http/endpoint.ts';
import { createOriginGate } from '../http/origin.ts';
import { createRegisterRoutes } from '../register/routes.ts';
import { served } from './served.ts';

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
  return served(config, routes);
}

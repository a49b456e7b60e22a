import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callKeyOf } from '../adapters/call-key.ts';
import { createSqlWriter } from '../adapters/data-api.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import { systemClock } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { createRegistry } from '../core/tools/registry.ts';
import { createWriteFunction, type WriteFunction } from '../mcp-write/write-function.ts';
import { tools } from '../tools/index.ts';
import { auditOf, databaseOf, verifierOf } from './call-ports.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf } from './served.ts';

/** Invoked by `mcp`; no route leads here. Writes as `mcp_writer`. */
export function composeMcpWrite(): WriteFunction {
  const config = configOf('mcpWrite');
  const logger = loggerOf(config);
  const readSecret = createSecretReader(new SecretsManagerClient(BOUNDED));
  return createWriteFunction({
    registry: createRegistry(tools, Object.keys(config.SCOPES)),
    policy: { roles: config.ROLES, implies: config.IMPLIES },
    verify: verifierOf(config),
    audit: auditOf(config, logger),
    transact: createSqlWriter(databaseOf(config, readSecret)),
    callKey: callKeyOf(readSecret, config.DATABASE_SECRET_ARN),
    logger,
    clock: systemClock,
  });
}

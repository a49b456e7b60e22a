import { LambdaClient } from '@aws-sdk/client-lambda';
import packageJson from '../../package.json' with { type: 'json' };
import { createSqlReader } from '../adapters/data-api.ts';
import { createWriteInvoker } from '../adapters/lambda-invoke.ts';
import { createMcpEngine } from '../adapters/mcp-engine.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { createRegistry } from '../core/tools/registry.ts';
import { endpoint, type LambdaHandler } from '../http/endpoint.ts';
import { MESSAGE_LIMIT } from '../mcp/read-message.ts';
import { createMcpRoutes } from '../mcp/routes.ts';
import { tools } from '../tools/index.ts';
import { auditOf, databaseOf, verifierOf } from './call-ports.ts';
import { ONCE } from './limits.ts';
import { resourceOf } from './resource.ts';
import { loggerOf } from './served.ts';

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

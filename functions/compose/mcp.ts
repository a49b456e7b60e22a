import { LambdaClient } from '@aws-sdk/client-lambda';
import packageJson from '../../package.json' with { type: 'json' };
import { createSqlReader } from '../adapters/data-api.ts';
import { createWriteInvoker } from '../adapters/lambda-invoke.ts';
import { createMcpEngine } from '../adapters/mcp-engine.ts';
import { createPostgresGrammar } from '../adapters/postgres-grammar.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { toolMetrics } from '../core/metrics/tool-metrics.ts';
import { createPrompts } from '../core/prompts/registry.ts';
import { createResources } from '../core/resources/registry.ts';
import { refuse } from '../core/result.ts';
import { createRegistry } from '../core/tools/registry.ts';
import { withoutDatabase } from '../core/tools/without-database.ts';
import type { LambdaHandler } from '../http/endpoint.ts';
import { MESSAGE_LIMIT } from '../mcp/read-message.ts';
import { createMcpRoutes, type McpPorts } from '../mcp/routes.ts';
import { prompts, resources, switchedTools, tools } from '../tools/index.ts';
import { auditOf, databaseOf, verifierOf } from './call-ports.ts';
import { ONCE } from './limits.ts';
import { resourceOf } from './resource.ts';
import { loggerOf, meterOf, served } from './served.ts';

/** POST /mcp. Reads as `mcp_reader`; a write goes to the write function with the caller's token. */
export function composeMcp(): LambdaHandler {
  const config = configOf('mcp');
  const logger = loggerOf(config);
  const meter = meterOf(config, logger, toolMetrics);
  const scopes = Object.keys(config.SCOPES);
  const all = config.QUERY_TOOL ? [...tools, switchedTools.query(createPostgresGrammar())] : tools;
  const offered = config.DATABASE ? { tools: all, resources, prompts } : NO_ROWS;
  const routes = createMcpRoutes({
    issuer: config.ISSUER,
    defaultScopes: config.DEFAULT_SCOPES,
    allowedOrigins: config.ALLOWED_ORIGINS,
    verify: verifierOf(config),
    engine: createMcpEngine({ url: resourceOf(config), version: packageJson.version }),
    clock: systemClock,
    registry: createRegistry(offered.tools, scopes),
    resources: createResources(offered.resources, scopes),
    prompts: createPrompts(offered.prompts, scopes),
    policy: { roles: config.ROLES, implies: config.IMPLIES },
    audit: auditOf(config, { logger, meter }),
    ...(config.DATABASE ? portsAtDatabase() : NO_DATABASE),
    nonce: () => systemRandom(16).toString('hex'),
    links: config.FENCE_LINKS,
  });
  return served(config, { logger, meter, maxBody: MESSAGE_LIMIT }, routes);
}

type Ports = Pick<McpPorts, 'read' | 'write'>;

function portsAtDatabase(): Ports {
  const config = configOf('mcpAtDatabase');
  return {
    read: createSqlReader(databaseOf(config)),
    write: createWriteInvoker(new LambdaClient(ONCE), config.WRITE_FUNCTION),
  };
}

const NO_ROWS = {
  tools: withoutDatabase(tools),
  resources: withoutDatabase(resources),
  prompts: withoutDatabase(prompts),
};

/** Nothing that is offered asks these; were it ever asked, this is the answer. */
const NO_DATABASE: Ports = {
  read: async () =>
    refuse({ reason: 'unavailable', retry: false, detail: 'this stack has no database', sqlState: undefined }),
  write: async () => ({ status: 'failed', code: 'tool_failed' }),
};

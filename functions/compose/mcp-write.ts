import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callKeyOf } from '../adapters/call-key.ts';
import { createSqlWriter } from '../adapters/data-api.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import { systemClock } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { auditMetrics } from '../core/metrics/metric.ts';
import { createRegistry } from '../core/tools/registry.ts';
import { openRequestLine } from '../http/request-line.ts';
import { createWriteFunction, type WriteFunction } from '../mcp-write/write-function.ts';
import { tools } from '../tools/index.ts';
import { auditOf, databaseOf, verifierOf } from './call-ports.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf, meterOf } from './served.ts';

/** Invoked by `mcp`; no route leads here. Writes as `mcp_writer`. */
export function composeMcpWrite(): WriteFunction {
  const config = configOf('mcpWrite');
  const logger = loggerOf(config);
  const meter = meterOf(config, logger, auditMetrics);
  const readSecret = createSecretReader(new SecretsManagerClient(BOUNDED));
  const write = createWriteFunction({
    registry: createRegistry(tools, Object.keys(config.SCOPES)),
    policy: { roles: config.ROLES, implies: config.IMPLIES },
    verify: verifierOf(config),
    audit: auditOf(config, { logger, meter }),
    transact: createSqlWriter(databaseOf(config, readSecret)),
    callKey: callKeyOf(readSecret, config.DATABASE_SECRET_ARN),
    logger,
    clock: systemClock,
  });
  return async (event, context) => {
    const known = { requestId: context.awsRequestId, method: 'INVOKE', path: 'mcp-write' };
    if (!config.SERVING) {
      const line = openRequestLine(logger, systemClock, known);
      line.log.add({ reason: 'switched-off' });
      line.write(503);
      // While a stack is switched, `mcp` may be on for a moment longer. This code says that nothing ran.
      return { status: 'failed', code: 'busy' };
    }
    const outcome = await write(event, context);
    // The call itself is counted by `mcp`: here it is only heard which row could not be written.
    meter.answered({ path: known.path, status: 200, durationMs: 0 });
    return outcome;
  };
}

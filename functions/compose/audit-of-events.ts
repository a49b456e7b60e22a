import type { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAuditLog } from '../adapters/audit-log.ts';
import type { Meter } from '../adapters/metrics.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import type { AppendEvent } from '../core/oauth/recorded.ts';
import { BOUNDED } from './limits.ts';

/** One chain of audit rows for this environment, without the key that hashes arguments: what is recorded has none. */
export function auditOfEvents(
  config: { readonly AUDIT_TABLE: string },
  { logger, meter }: { readonly logger: Logger; readonly meter: Meter },
): AppendEvent {
  const log = createAuditLog({
    client: new DynamoDBClient({ ...BOUNDED, maxAttempts: 1 }),
    table: config.AUDIT_TABLE,
    clock: systemClock,
    random: systemRandom,
    log: (line) => logger.info('audit', line),
  });
  return meter.hearing(log.appendOrCount);
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readAuditTable } from '../adapters/audit-reader.ts';
import { systemClock } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { createSeal, type SealReport } from '../seal/seal.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf } from './served.ts';

/** Every five minutes: verifies the audit log's chains. */
export function composeSeal(): () => Promise<SealReport> {
  const config = configOf('seal');
  const client = new DynamoDBClient(BOUNDED);
  return createSeal({ reader: readAuditTable(client, config.AUDIT_TABLE), clock: systemClock, log: loggerOf(config) });
}

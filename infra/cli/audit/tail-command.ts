import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Problem } from '../../problem.ts';
import { localStack } from '../local-stack.ts';
import { openAuditLog } from './open-audit-log.ts';
import { tailAudit } from './tail.ts';

/**
 * The newest rows of the running stack's audit log, and every row that is added until Ctrl-C. Reads in the role
 * AuditReader, which may query the table and nothing else.
 *
 * @throws Problem when the limit is none, or no stack is running
 */
export async function tail(options: {
  readonly json: boolean;
  readonly limit: string;
  readonly follow: boolean;
}): Promise<void> {
  const { json, limit, follow } = options;
  if (!/^\d{1,4}$/.test(limit)) throw new Problem(`--limit is "${limit}", which is no number from 0 to 9999.`);
  const stack = localStack();
  const client = new DynamoDBClient({
    endpoint: stack.endpoint,
    region: stack.region,
    credentials: stack.as(stack.output('AuditReaderRoleArn')),
  });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const reader = openAuditLog(client, stack.output('AuditTableName'));
  await tailAudit({ reader, out: process.stdout, follow, limit: Number(limit), json, signal: stop.signal });
  client.destroy();
}

import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Problem } from '../../problem.ts';
import { localStack } from '../local-stack.ts';
import { openAuditLog } from './open-audit-log.ts';
import { tailAudit } from './tail.ts';

const USAGE = 'Usage: gatehouse audit tail [--json] [--limit N] [--no-follow]';
const DEFAULT_LIMIT = '20';

/**
 * `gatehouse audit tail`: the newest rows of the running stack's audit log, and every row that is added until Ctrl-C.
 * Reads in the role AuditReader, which may query the table and nothing else.
 *
 * @throws Problem for an argument it does not know, or when no stack is running
 */
export async function audit(args: readonly string[]): Promise<void> {
  const { json, limit, follow } = options(args);
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
  await tailAudit({ reader, out: process.stdout, follow, limit, json, signal: stop.signal });
  client.destroy();
}

function options(args: readonly string[]) {
  const [command, ...rest] = args;
  if (command !== 'tail') throw new Problem(`gatehouse audit has no "${command ?? ''}". ${USAGE}`);
  const { json, limit, 'no-follow': once } = parse(rest);
  if (!/^\d{1,4}$/.test(limit)) throw new Problem(`--limit is "${limit}", which is no number from 0 to 9999. ${USAGE}`);
  return { json, limit: Number(limit), follow: !once };
}

function parse(args: string[]) {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const options = { json: flag, 'no-follow': flag, limit: { type: 'string', default: DEFAULT_LIMIT } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}. ${USAGE}`);
  }
}

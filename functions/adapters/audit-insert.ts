import { setTimeout as pause } from 'node:timers/promises';
import { type DynamoDBClient, ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../core/audit/item.ts';
import type { Random } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';

/**
 * Why a row is not known to be durable. `refused`: it was certainly not written. `unknown`: it may have been. `taken`:
 * somebody else's row has its key.
 */
export type InsertFailure = { readonly reason: 'refused' | 'unknown' | 'taken'; readonly detail: string };

export type Insert = (item: Item, deadline: AbortSignal) => Promise<Result<void, InsertFailure>>;

/** One attempt gets this long, so that a dead connection costs one attempt and not the whole deadline. */
const attemptMs = 1_000;

const throttles = new Set(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded']);

/**
 * Adds a row, until it is durable or the deadline passes. PartiQL's INSERT is the one DynamoDB write that cannot
 * replace a row, and `dynamodb:PartiQLInsert` an IAM action of its own, so this is all a function may do to the log.
 *
 * The function cannot read the log, so it must tell its own row from another's by the answers alone: a duplicate after
 * an attempt whose outcome nobody saw is our row; a duplicate otherwise is not. The SDK must therefore not repeat
 * requests by itself.
 */
export function createInsert(client: DynamoDBClient, table: string, random: Random): Insert {
  return async (item, deadline) => {
    if ((await client.config.maxAttempts()) !== 1) throw new Error('the audit log needs a client with maxAttempts: 1');
    let mayBeOurs = false;
    for (let attempt = 1; ; attempt++) {
      const failure = await insertOnce(client, table, item, deadline);
      if (failure === undefined) return ok(undefined);
      const { kind, detail } = failure;
      if (kind === 'duplicate') return mayBeOurs ? ok(undefined) : refuse({ reason: 'taken', detail });
      if (kind === 'unknown') mayBeOurs = true;
      const refused = kind === 'refused' || !(await paused(attempt, random, deadline));
      if (refused) return refuse({ reason: mayBeOurs ? 'unknown' : 'refused', detail });
    }
  };
}

type AttemptFailure = { readonly kind: 'duplicate' | 'throttled' | 'refused' | 'unknown'; readonly detail: string };

async function insertOnce(
  client: DynamoDBClient,
  table: string,
  item: Item,
  deadline: AbortSignal,
): Promise<AttemptFailure | undefined> {
  const names = Object.keys(item);
  const command = new ExecuteStatementCommand({
    Statement: `INSERT INTO "${table}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`,
    Parameters: Object.values(item),
  });
  try {
    await client.send(command, { abortSignal: AbortSignal.any([deadline, AbortSignal.timeout(attemptMs)]) });
    return undefined;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    const detail = `${name}: ${message}`;
    const status = $metadata?.httpStatusCode ?? 0;
    if (name === 'DuplicateItemException') return { kind: 'duplicate', detail };
    if (throttles.has(name)) return { kind: 'throttled', detail };
    return { kind: status >= 400 && status < 500 ? 'refused' : 'unknown', detail };
  }
}

/** Waits 25 ms, then twice as long each time up to 400 ms, with jitter. False when the deadline came first. */
async function paused(attempt: number, random: Random, deadline: AbortSignal): Promise<boolean> {
  const ceiling = Math.min(400, 25 * 2 ** (attempt - 1));
  try {
    await pause(ceiling * (0.5 + random(1).readUInt8() / 512), undefined, { signal: deadline });
    return true;
  } catch {
    return false;
  }
}

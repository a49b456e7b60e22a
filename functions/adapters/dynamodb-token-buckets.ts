import { digest } from '../core/oauth/digest.ts';
import type { ClientId } from '../core/oauth/identifiers.ts';
import type { StoreUnavailable } from '../core/oauth/store.ts';
import { type Bucket, latestFull, type Millis, nextBatch, type TokenBuckets } from '../core/oauth/token-bucket.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { type Item, number } from './dynamodb-item.ts';
import type { Change, Condition, Table } from './dynamodb-table.ts';

/** A bucket that is full and one that is in use are two conditions; whoever meets the wrong one tries the other. */
const ATTEMPTS = 4;

/**
 * Token buckets in DynamoDB: items `BUCKET#<digest of the client id>`. `full` is when the bucket is full again, in
 * milliseconds since the epoch; a bucket that is full says nothing, so `exp` and `ttl` are the latest that can be.
 */
export function createDynamoDbTokenBuckets(table: Table): TokenBuckets {
  return {
    take: async (clientId, bucket, now) => {
      const key = `BUCKET#${digest(clientId)}`;
      let full: Millis | undefined;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const inUse = full !== undefined && full >= now;
        const written = await table.update(key, ...(inUse ? further(bucket, now) : afresh(bucket, now)));
        if (written.ok) return ok(undefined);
        if (written.error.reason === 'store-unavailable') return refuse(written.error);
        const { found } = written.error;
        full = found === undefined ? undefined : fullOf(found);
        if (found !== undefined && full === undefined) return unreadable(clientId, 'its item has no time');
        if (full !== undefined && full > latestFull(bucket, now)) {
          return refuse({ reason: 'bucket-empty', until: nextBatch(bucket, full) });
        }
      }
      return unreadable(clientId, 'it changed each time it was looked at');
    },
  };
}

/** Takes the first batch of a bucket that is full. */
function afresh(bucket: Bucket, now: Millis): [Change, Condition] {
  return [
    {
      expression: 'SET #full = :full, #exp = :exp, #ttl = :exp',
      values: { ':full': number(now + bucket.cost), ':exp': number(endOf(bucket, now)) },
    },
    { expression: 'attribute_not_exists(#pk) OR #full < :now', values: { ':now': number(now) } },
  ];
}

/** Takes a batch more. */
function further(bucket: Bucket, now: Millis): [Change, Condition] {
  return [
    {
      expression: 'SET #full = #full + :cost, #exp = :exp, #ttl = :exp',
      values: { ':cost': number(bucket.cost), ':exp': number(endOf(bucket, now)) },
    },
    {
      expression: '#full >= :now AND #full <= :latest',
      values: { ':now': number(now), ':latest': number(latestFull(bucket, now)) },
    },
  ];
}

/** No taking leaves a bucket that is full again later than this, in seconds. */
function endOf({ depth }: Bucket, now: Millis): number {
  return Math.ceil((now + depth) / 1000);
}

function fullOf({ full }: Item): Millis | undefined {
  const millis = Number(full?.N ?? Number.NaN);
  return Number.isFinite(millis) ? millis : undefined;
}

/** Fails closed: how much a client had is never guessed. */
function unreadable(clientId: ClientId, why: string): Result<never, StoreUnavailable> {
  const detail = `the token bucket of client ${clientId} cannot be used: ${why}`;
  return refuse({ reason: 'store-unavailable', operation: 'UpdateItem', detail });
}

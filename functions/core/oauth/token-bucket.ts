import type { Result } from '../result.ts';
import { ok, refuse } from '../result.ts';
import type { ClientId } from './identifiers.ts';
import type { StoreUnavailable } from './store.ts';

/** Milliseconds, or milliseconds since the epoch. Whole ones. */
export type Millis = number;

/** What a client may ask of /token: `rate` requests a second for ever, and `burst` at once after a rest. */
export type RequestLimit = { readonly rate: number; readonly burst: number };

/** Requests are paid for in tens: one write of a table for ten requests. No burst may be smaller. */
export const BATCH = 10;

/**
 * A token bucket as one number: when it will be full again, if nobody takes from it (the generic cell rate algorithm,
 * ITU-T I.371). A batch moves that time on by `cost`, and it may be at most `depth` ahead. One number, and every taking
 * adds the same to it: so takings commute, and one conditional update is enough for any number of writers.
 *
 * Whatever moment it starts at, the batches taken in `t` seconds hold at most `rate * t + burst` requests.
 */
export type Bucket = { readonly cost: Millis; readonly depth: Millis };

/** Rounds against the client, by less than a millisecond in a batch: never more than the limit. */
export function bucketOf({ rate, burst }: RequestLimit): Bucket {
  const cost = Math.ceil((BATCH * 1000) / rate);
  return { cost, depth: Math.floor((burst * cost) / BATCH) };
}

/** The latest time to be full again from which a batch can still be taken now. */
export function latestFull({ cost, depth }: Bucket, now: Millis): Millis {
  return now + depth - cost;
}

/** When the bucket that is full again at `full` has a batch. */
export function nextBatch({ cost, depth }: Bucket, full: Millis): Millis {
  return full - (depth - cost);
}

/** Takes a batch: when the bucket is full again after it. A bucket nobody took from, or long ago, is full. */
export function takeBatch(bucket: Bucket, full: Millis | undefined, now: Millis): Result<Millis, BucketEmpty> {
  const from = Math.max(full ?? now, now);
  return from <= latestFull(bucket, now)
    ? ok(from + bucket.cost)
    : refuse({ reason: 'bucket-empty', until: nextBatch(bucket, from) });
}

/** There is no batch in the bucket before `until`. */
export type BucketEmpty = { readonly reason: 'bucket-empty'; readonly until: Millis };

/** The bucket of each client, shared by everything that serves /token. */
export type TokenBuckets = {
  /**
   * Takes a batch. Condition: `attribute_not_exists(pk) OR full < now` for one that is full, and
   * `full >= now AND full <= now + depth - cost` for one in use. Where an answer gets lost and the SDK asks again, a
   * batch may be taken twice: an error against the client, never for it.
   */
  readonly take: (
    clientId: ClientId,
    bucket: Bucket,
    now: Millis,
  ) => Promise<Result<void, BucketEmpty | StoreUnavailable>>;
};

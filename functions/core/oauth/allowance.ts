import type { Clock, Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { ClientId } from './identifiers.ts';
import type { StoreUnavailable } from './store.ts';
import { BATCH, bucketOf, type Millis, type RequestLimit, type TokenBuckets } from './token-bucket.ts';

/** Asked for more tokens than its allowance has now. The same request is good again after `retryAfter`. */
export type TooManyRequests = {
  readonly reason: 'too-many-requests';
  readonly clientId: string;
  readonly retryAfter: Seconds;
};

/** Whether a client may have one more token. Asked about proven requests only, before anything is signed or written. */
export type Allowance = (clientId: ClientId) => Promise<Result<void, TooManyRequests | StoreUnavailable>>;

/** How many clients an environment keeps count of. The one unused for longest is forgotten first. */
const ACCOUNTS = 1_000;

type Account = { unpaid: number; refusedUntil: Millis };

/**
 * A limit on the tokens of each client, over all its people and everywhere it is served (RFC 6585 section 4).
 *
 * Only requests that passed every check count: whoever merely knows a client id can take nothing from it, and what is
 * refused anyway is bounded by the throttle of the route. Somebody with a good refresh token can use up the allowance of
 * the client they share with others, and of no other client.
 *
 * An environment pays for requests in tens and in arrears: it counts each client's, and the tenth takes ten from the
 * shared bucket before it is answered. So nine in ten cost no call of the table, and an ordinary sign-in costs none. What
 * all of them let through in `t` seconds is at most `rate * t + burst`, and nine unpaid requests for each environment:
 * those there are, those that begin within that time, and again those that forgot the client among a thousand others.
 *
 * Refused, the environment refuses that client by itself until the bucket has ten again. A table that does not answer is
 * `store-unavailable`: the request is refused, and its successor pays.
 */
export function createAllowance({
  clock,
  buckets,
  limit,
}: {
  readonly clock: Pick<Clock, 'millis'>;
  readonly buckets: TokenBuckets;
  readonly limit: RequestLimit;
}): Allowance {
  const bucket = bucketOf(limit);
  const accounts = new Map<ClientId, Account>();

  const accountOf = (clientId: ClientId): Account => {
    const account = accounts.get(clientId) ?? { unpaid: 0, refusedUntil: 0 };
    // A Map keeps insertion order, and every use inserts anew: the first is the one unused for longest.
    accounts.delete(clientId);
    const oldest = accounts.size >= ACCOUNTS ? accounts.keys().next() : undefined;
    if (oldest && !oldest.done) accounts.delete(oldest.value);
    accounts.set(clientId, account);
    return account;
  };

  return async (clientId) => {
    const now = clock.millis();
    const account = accountOf(clientId);
    const tooMany = () => {
      const retryAfter = Math.max(1, Math.ceil((account.refusedUntil - now) / 1000));
      return refuse({ reason: 'too-many-requests', clientId, retryAfter });
    };
    if (account.refusedUntil > now) return tooMany();
    account.unpaid += 1;
    if (account.unpaid < BATCH) return ok(undefined);
    // Given back when nothing was taken, but for this request, which is not served: the next one pays.
    account.unpaid -= BATCH;
    const taken = await buckets.take(clientId, bucket, now);
    if (taken.ok) return taken;
    account.unpaid += BATCH - 1;
    if (taken.error.reason === 'store-unavailable') return refuse(taken.error);
    account.refusedUntil = taken.error.until;
    return tooMany();
  };
}

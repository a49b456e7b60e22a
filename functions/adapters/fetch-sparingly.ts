import type { FetchDocument, Fetched, FetchFailure } from '../core/oauth/cimd/store.ts';
import type { Clock, Seconds } from '../core/ports.ts';
import { type Result, refuse } from '../core/result.ts';

/** A failure is remembered this long, so that reloading a page does not reach out again. Seconds. */
const FAILURE = 30;
const MAX_FAILURES = 200;
const MINUTE = 60;
const MOST_PER_HOST = 20;

/**
 * Keeps this server from being used to knock at somebody else's: one fetch of an address at a time, none for half a
 * minute after it failed, and twenty a minute to one host, for each environment that runs.
 */
export function fetchSparingly(fetch: FetchDocument, clock: Clock): FetchDocument {
  const underWay = new Map<string, Promise<Result<Fetched, FetchFailure>>>();
  const failed = new Map<string, { readonly until: number; readonly why: FetchFailure }>();
  const lately = new Map<string, readonly number[]>();

  /** How long the host is to be left alone; 0 when it may be asked now, which then counts. Seconds. */
  const waitFor = (host: string): Seconds => {
    const now = clock.seconds();
    const times = (lately.get(host) ?? []).filter((time) => time > now - MINUTE);
    const [oldest = now] = times;
    const may = times.length < MOST_PER_HOST;
    lately.set(host, may ? [...times, now] : times);
    return may ? 0 : oldest + MINUTE - now;
  };
  const attempt = async (url: string): Promise<Result<Fetched, FetchFailure>> => {
    const answer = await fetch(url);
    if (answer.ok) return answer;
    // Only addresses that a rule admits come here, but a template admits many.
    if (failed.size >= MAX_FAILURES) failed.clear();
    failed.set(url, { until: clock.seconds() + FAILURE, why: answer.error });
    return answer;
  };

  return (url) => {
    const begun = underWay.get(url);
    if (begun !== undefined) return begun;
    const failure = failed.get(url);
    if (failure !== undefined && failure.until > clock.seconds()) return Promise.resolve(refuse(failure.why));
    const retryAfter = waitFor(new URL(url).host);
    if (retryAfter > 0) return Promise.resolve(refuse({ reason: 'host-spared', retryAfter }));
    const beginning = attempt(url).finally(() => underWay.delete(url));
    underWay.set(url, beginning);
    return beginning;
  };
}

import { digest, sameDigest } from '../core/oauth/digest.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { json } from './respond.ts';

/** The header in which CloudFront shows the secret; infra/constructs/edge.ts makes it send it. */
export const ORIGIN_HEADER = 'x-gatehouse-origin';

/**
 * Keeps everybody out who did not come through CloudFront and its web ACL. An HTTP API can neither have a web ACL nor be
 * closed to others, so its own address answers anybody: the function that is called refuses instead.
 */
export type OriginLock = {
  /**
   * The request as the function may see it: without the secret, and under the issuer's host. CloudFront calls the API by
   * its own name and answers to no host but its aliases, so the host is known once the secret is right.
   */
  readonly admit: (request: HttpRequest) => Result<HttpRequest, 'not-through-the-edge'>;
  /** Whether the secret is right, for who needs no more. Names of headers are lower-case. */
  readonly opens: (headers: Readonly<Record<string, string | undefined>>) => boolean;
};

/**
 * @param secret what CloudFront shows; compared in a time that does not depend on where a guess differs
 * @param issuer where this server is, by its configuration
 */
export function createOriginLock(secret: string, issuer: string): OriginLock {
  const expected = digest(secret);
  const { host } = new URL(issuer);
  const opens: OriginLock['opens'] = (headers) => {
    const shown = headers[ORIGIN_HEADER];
    return shown !== undefined && sameDigest(digest(shown), expected);
  };
  return {
    opens,
    admit: (request) => {
      if (!opens(request.headers)) return refuse('not-through-the-edge');
      const { [ORIGIN_HEADER]: _secret, ...headers } = request.headers;
      return ok({ ...request, headers: Object.assign(Object.create(null), headers, { host }) });
    },
  };
}

/** What whoever comes past CloudFront is told: nothing about what would have opened. */
export function lockedOut(): HttpResponse {
  return json(403, { error: 'forbidden', error_description: 'This server answers at its public address only.' });
}

import type { Parameters } from '../core/oauth/parameters.ts';

/**
 * The request and response every handler speaks: plain values, not the web's `Request`, whose first use in a process
 * costs 25 ms. `event.ts` translates to and from API Gateway's payload 2.0; nothing else knows that shape.
 */

export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  /** Decoded, ordered, repeated ones kept: parsed from `rawQueryString`, never from `queryStringParameters`. */
  readonly query: Parameters;
  readonly rawQuery: string;
  /** Lower-case names; a null-prototype record. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** A null-prototype record; the first cookie of a name wins. */
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** API Gateway's request id: quoted to the user, and on every log line. */
  readonly requestId: string;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each becomes one Set-Cookie header. */
  readonly cookies?: readonly string[];
  readonly body?: string;
};

import { ok, type Result, refuse } from '../core/result.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

/** A request that came by a name, or from a page, that has no business here. */
export type OriginRefusal =
  | { readonly reason: 'foreign-host'; readonly host: string | undefined }
  | { readonly reason: 'foreign-origin'; readonly origin: string };

export type OriginGate = {
  /**
   * MCP, Streamable HTTP: servers MUST validate `Origin` on all connections. Together with `Host` it stops DNS rebinding,
   * where a page's own name is made to point at a server on the visitor's machine.
   */
  readonly check: (request: HttpRequest) => Result<undefined, OriginRefusal>;
  /** The answer to a CORS preflight, or undefined when the request is none. Preflights carry no token by design. */
  readonly preflight: (request: HttpRequest) => HttpResponse | undefined;
  /** The same answer, readable by the page that asked, when its origin is allowed. */
  readonly readable: (request: HttpRequest, response: HttpResponse) => HttpResponse;
};

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const MCP_HEADERS = /^mcp-[a-z0-9-]{1,64}$/;
const ALLOWED_HEADERS = ['authorization', 'content-type', 'accept', 'last-event-id'];

/**
 * @param issuer where this server is, by its configuration
 * @param allowedOrigins web origins that may call from a browser, exactly as browsers spell them. Requests without an
 *   Origin come from no page and are always let through to the token check. When the issuer itself is on loopback, pages
 *   on loopback may call too, so that a local inspector works.
 */
export function createOriginGate(issuer: string, allowedOrigins: readonly string[] = []): OriginGate {
  const home = new URL(issuer);
  const local = LOOPBACK.has(home.hostname);
  const allowed = new Set(allowedOrigins);

  const isHome = (host: string | undefined): boolean => {
    if (host === undefined) return false;
    const url = URL.canParse(`${home.protocol}//${host}`) ? new URL(`${home.protocol}//${host}`) : undefined;
    if (url?.username !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') return false;
    return url.host === home.host || (local && LOOPBACK.has(url.hostname) && url.port === home.port);
  };
  const mayCall = (origin: string): boolean => {
    if (allowed.has(origin)) return true;
    if (!local || !URL.canParse(origin)) return false;
    const url = new URL(origin);
    return url.protocol === 'http:' && LOOPBACK.has(url.hostname) && url.origin === origin;
  };

  return {
    check: ({ headers }) => {
      if (!isHome(headers.host)) return refuse({ reason: 'foreign-host', host: headers.host });
      const origin = headers.origin;
      if (origin !== undefined && !mayCall(origin)) return refuse({ reason: 'foreign-origin', origin });
      return ok(undefined);
    },
    preflight: ({ method, headers }) => {
      if (method !== 'OPTIONS' || headers.origin === undefined) return undefined;
      if (headers['access-control-request-method'] === undefined) return undefined;
      const wanted = (headers['access-control-request-headers'] ?? '').toLowerCase().split(/[\s,]+/);
      return {
        status: 204,
        headers: {
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': [
            ...ALLOWED_HEADERS,
            ...wanted.filter((name) => MCP_HEADERS.test(name)).slice(0, 32),
          ].join(', '),
          'access-control-max-age': '600',
          'cache-control': 'no-store',
        },
      };
    },
    readable: ({ headers }, response) => {
      const origin = headers.origin;
      const cors = origin !== undefined && mayCall(origin) ? { 'access-control-allow-origin': origin, ...EXPOSED } : {};
      return { ...response, headers: { ...response.headers, ...cors, vary: 'origin' } };
    },
  };
}

/** Without this a page cannot read the challenge, and so cannot learn where to sign in, nor when to come again (Fetch standard, CORS). */
const EXPOSED = { 'access-control-expose-headers': 'www-authenticate, retry-after, mcp-protocol-version' };

import type { HttpResponse } from './message.ts';

const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** A JSON answer. Not cacheable unless the caller says so (RFC 6749 section 5.1: token answers MUST say `no-store`). */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...NO_STORE, ...headers },
    body: JSON.stringify(body),
  };
}

/** An HTML page. The caller's headers carry the page's own Content-Security-Policy. */
export function html(status: number, page: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...NO_STORE, ...headers },
    body: page,
  };
}

/**
 * A 303, never 307 or 308: the browser must not repeat a POST body at the next place (RFC 9700 section 4.12). The
 * address may hold a code, so it is neither stored nor sent on as a referrer (RFC 9700 section 4.2).
 */
export function redirect(
  location: string,
  headers: Readonly<Record<string, string>> = {},
  cookies: readonly string[] = [],
): HttpResponse {
  return { status: 303, headers: { location, ...NO_STORE, 'referrer-policy': 'no-referrer', ...headers }, cookies };
}

/** RFC 9110 section 15.5.6: a 405 names what is allowed. */
export function methodNotAllowed(allow: string): HttpResponse {
  return json(405, { error: 'method_not_allowed', error_description: `This address answers ${allow}.` }, { allow });
}

/**
 * A 401 or 403 with its challenge, twice: API Gateway is reported to rename a function's `WWW-Authenticate`, so the
 * integration's response mapping restores it from `x-gatehouse-challenge` and removes that header again.
 */
export function challenged(status: 401 | 403, challenge: string, body: unknown): HttpResponse {
  return json(status, body, { 'www-authenticate': challenge, 'x-gatehouse-challenge': challenge });
}

import { ok, type Result, refuse } from '../result.ts';

/**
 * Redirect URIs: one validator for every way a client can come in, and one comparison.
 *
 * A code goes where this file says. RFC 9700 section 2.1 asks for exact comparison; the one exception is the port of a
 * loopback address, which a native application cannot choose beforehand (RFC 8252 section 7.3).
 */
const MAX_LENGTH = 2048;
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export type RedirectUriFault =
  | 'too-long'
  | 'not-ascii'
  | 'wildcard'
  | 'fragment'
  | 'not-a-uri'
  | 'user-information'
  | 'host'
  | 'not-canonical'
  | 'scheme';

export type RedirectUriRefusal = {
  readonly reason: 'redirect-uri-unusable';
  readonly redirectUri: string;
  readonly fault: RedirectUriFault;
};

/**
 * Whether this may be registered as a redirect URI at all.
 *
 * Only the canonical form passes (`new URL(uri).href === uri`), because two spellings of one address are two addresses
 * to an exact comparison and one to a browser. https anywhere, http on the three loopback names, and a custom scheme
 * only as the exact URI of `customSchemeUris`, which are those of the clients the operator vetted.
 */
export function checkRedirectUri(
  uri: string,
  customSchemeUris: ReadonlySet<string>,
): Result<string, RedirectUriRefusal> {
  const fault = faultOf(uri, customSchemeUris);
  return fault === undefined ? ok(uri) : refuse({ reason: 'redirect-uri-unusable', redirectUri: uri, fault });
}

function faultOf(uri: string, customSchemeUris: ReadonlySet<string>): RedirectUriFault | undefined {
  if (uri.length > MAX_LENGTH) return 'too-long';
  // Space, control characters and backslash too: what one parser trims or turns around, another keeps.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(uri)) return 'not-ascii';
  if (uri.includes('*')) return 'wildcard';
  if (uri.includes('#')) return 'fragment';
  const parsed = URL.parse(uri);
  if (parsed === null) return 'not-a-uri';
  if (parsed.username !== '' || parsed.password !== '') return 'user-information';
  if (parsed.href !== uri) return 'not-canonical';
  // URL parsers let a host contain `;` and quotes, which mean something where a host is written into a policy.
  if (parsed.protocol === 'https:' && !HOST.test(parsed.hostname)) return 'host';
  if (parsed.protocol === 'https:' || isLoopback(parsed) || customSchemeUris.has(uri)) return undefined;
  return 'scheme';
}

/** Whether the address is plain http to this computer (RFC 8252 section 7.3; `localhost` because clients use it). */
export function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && LOOPBACK.has(url.hostname);
}

/** Whether a requested redirect URI is one of the registered ones: the same text, or the same loopback on another port. */
export function isRegistered(registered: readonly string[], requested: string): boolean {
  if (registered.includes(requested)) return true;
  const portless = withoutLoopbackPort(requested);
  return portless !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === portless);
}

/** `undefined` unless the URI is canonical and loopback. */
function withoutLoopbackPort(uri: string): string | undefined {
  if (!uri.startsWith('http://') || faultOf(uri, new Set()) !== undefined) return undefined;
  const url = new URL(uri);
  url.port = '';
  return url.href;
}

/**
 * Whether a redirect URI is one that a vetted client uses. A template is a redirect URI in which `{id}` stands for one
 * path segment, as in `https://chatgpt.com/connector/oauth/{id}`; loopback templates fit any port.
 */
export function fitsTemplate(template: string, uri: string): boolean {
  if (template.includes('{id}')) {
    const [before = '', after = ''] = template.split('{id}');
    const subject = withoutLoopbackPort(uri) ?? uri;
    if (!subject.startsWith(before) || !subject.endsWith(after)) return false;
    return /^[A-Za-z0-9_-]{1,128}$/.test(subject.slice(before.length, subject.length - after.length));
  }
  return isRegistered([template], uri);
}

import { ok, type Result, refuse } from '../core/result.ts';
import type { TokenRefusal, VerifiedToken, VerifyToken } from '../core/tools/token.ts';
import type { HttpRequest } from './message.ts';

/** Why a request is not known to be anybody's. */
export type BearerRefusal =
  /** No bearer token was sent. RFC 6750 section 3.1: then the challenge carries no error code. */
  | { readonly reason: 'no-token' }
  /** There is an Authorization header, but no one token in it. */
  | { readonly reason: 'unreadable-token' }
  | TokenRefusal;

/** RFC 6750 section 2.1, with the scheme in any case (RFC 9110 section 11.1). One credential, nothing after it. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * Who sent this request. Only the Authorization header counts: a token in the query or the body is as good as none
 * (OAuth 2.1 forbids the query; MCP: access tokens MUST NOT be in the URI), and is not looked at.
 */
export function authenticate(
  request: HttpRequest,
  verify: VerifyToken,
): Result<VerifiedToken & { token: string }, BearerRefusal> {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer(?: |$)/i.test(header)) return refuse({ reason: 'no-token' });
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) return refuse({ reason: 'unreadable-token' });
  const verified = verify(token);
  if (!verified.ok) return verified;
  return ok({ ...verified.value, token });
}

/** What every challenge of one resource says. Made from the configured issuer, never from a request. */
export type ChallengeSettings = {
  readonly issuer: string;
  /** The scopes a client that knows nothing yet should ask for (MCP: least privilege; RFC 6750 section 3). */
  readonly defaultScopes: readonly string[];
};

/** The challenge of a 401 (RFC 6750 section 3, RFC 9728 section 5.1). `error` only when there was a token to be wrong. */
export function unauthorizedChallenge(settings: ChallengeSettings, error?: 'invalid_token'): string {
  const parts = [quoted('resource_metadata', metadataUrl(settings.issuer))];
  // RFC 6750 section 3: the scope attribute has at least one scope.
  if (settings.defaultScopes.length > 0) parts.push(quoted('scope', settings.defaultScopes.join(' ')));
  if (error) parts.push(quoted('error', error), quoted('error_description', 'The access token is not valid here.'));
  return `Bearer ${parts.join(', ')}`;
}

/** The challenge of a 403: one challenge that names everything the call needs (MCP, scope challenge handling). */
export function scopeChallenge(settings: ChallengeSettings, scopes: readonly string[], description: string): string {
  return `Bearer ${[
    quoted('error', 'insufficient_scope'),
    quoted('scope', scopes.join(' ')),
    quoted('resource_metadata', metadataUrl(settings.issuer)),
    quoted('error_description', description),
  ].join(', ')}`;
}

/** RFC 9728 section 3.1: the well-known part goes between the host and the resource's path. */
export function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(`${issuer}/mcp`);
  return `${origin}/.well-known/oauth-protected-resource${pathname}`;
}

/** A quoted-string of RFC 9110. The values are ours; one that could break out of the quotes is a bug. */
function quoted(name: string, value: string): string {
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(value)) throw new Error(`${name} cannot stand in a challenge`);
  return `${name}="${value}"`;
}

import { unreachable } from '../core/result.ts';
import {
  type BearerRefusal,
  type ChallengeSettings,
  metadataUrl,
  scopeChallenge,
  unauthorizedChallenge,
} from './bearer.ts';
import type { HttpResponse } from './message.ts';
import type { OriginRefusal } from './origin.ts';
import { challenged, json } from './respond.ts';

/** Why a body is not one JSON-RPC message. */
export type MessageRefusal =
  | { readonly reason: 'not-json-type'; readonly type: string | undefined }
  | { readonly reason: 'too-large'; readonly bytes: number }
  | { readonly reason: 'not-json' }
  | { readonly reason: 'too-deep' }
  | { readonly reason: 'batch' }
  | { readonly reason: 'not-a-message' };

/** A tools/call whose token lacks a scope that the caller's roles would allow. */
export type ScopeRefusal = {
  readonly reason: 'insufficient-scope';
  /** Everything to ask for: what the call needs, then what the token already has, so that asking loses nothing. */
  readonly scopes: readonly string[];
  readonly missing: readonly string[];
};

/** Everything the gate of /mcp may refuse. */
export type McpRefusal =
  | OriginRefusal
  | { readonly reason: 'unauthorized'; readonly because: BearerRefusal }
  | { readonly reason: 'wrong-method'; readonly method: string }
  | MessageRefusal
  | ScopeRefusal
  | { readonly reason: 'not-recorded' };

/** The answer to a refused request. The one place that decides how much of a reason the wire learns. */
export function mcpRefusal(refusal: McpRefusal, settings: ChallengeSettings): HttpResponse {
  switch (refusal.reason) {
    case 'foreign-host':
      return faulty(403, -32600, 'This server does not answer to this Host.');
    case 'foreign-origin':
      return faulty(403, -32600, 'This web origin may not call this server.');
    case 'unauthorized':
      return unauthorized(refusal.because, settings);
    case 'wrong-method':
      return faulty(405, -32600, 'This address answers POST.', { allow: 'POST' });
    case 'not-json-type':
      return faulty(415, -32600, 'Send one JSON-RPC message as application/json.');
    case 'too-large':
      return faulty(413, -32600, 'The message is larger than 256 KiB.');
    case 'not-json':
      return faulty(400, -32700, 'The body is not JSON in UTF-8.');
    case 'too-deep':
      return faulty(400, -32600, 'The message is nested more than 32 levels deep.');
    case 'batch':
      return faulty(400, -32600, 'Send one message a request: batches are not part of this protocol.');
    case 'not-a-message':
      return faulty(400, -32600, 'The body is not a JSON-RPC message.');
    case 'insufficient-scope':
      return insufficientScope(refusal, settings);
    case 'not-recorded':
      return faulty(503, -32603, 'audit unavailable: the call could not be recorded. Call again in a moment.', {
        'retry-after': '5',
      });
    default:
      return unreachable(refusal);
  }
}

/** One sentence for the operator: what was refused and why. */
export function noteOf(refusal: McpRefusal): string {
  switch (refusal.reason) {
    case 'foreign-host':
      return 'refused: the request names another host than the issuer';
    case 'foreign-origin':
      return 'refused: a page of an origin that is not allowed tried to call';
    case 'unauthorized':
      return refusal.because.reason === 'no-token'
        ? 'no token was sent; the client was told where to sign in'
        : `the access token was refused: ${refusal.because.reason}`;
    case 'wrong-method':
      return 'refused: only POST is served';
    case 'insufficient-scope':
      return `the token lacks ${refusal.missing.join(' and ')}; the client was told to ask for it`;
    case 'not-recorded':
      return 'refused: the audit row could not be written';
    default:
      return `refused: ${refusal.reason}`;
  }
}

function unauthorized(because: BearerRefusal, settings: ChallengeSettings): HttpResponse {
  const anonymous = because.reason === 'no-token';
  return challenged(401, unauthorizedChallenge(settings, anonymous ? undefined : 'invalid_token'), {
    error: anonymous ? 'unauthorized' : 'invalid_token',
    error_description: anonymous
      ? 'This server needs an access token. The metadata says where to get one.'
      : 'The access token is not valid here. Get a new one.',
    resource_metadata: metadataUrl(settings.issuer),
  });
}

function insufficientScope({ scopes, missing }: ScopeRefusal, settings: ChallengeSettings): HttpResponse {
  const description = `This call also needs ${missing.join(' and ')}. Sign in again and allow it.`;
  return challenged(403, scopeChallenge(settings, scopes, description), {
    error: 'insufficient_scope',
    error_description: description,
    scope: scopes.join(' '),
    resource_metadata: metadataUrl(settings.issuer),
  });
}

/** A JSON-RPC error that answers no message in particular (MCP, Streamable HTTP: the body may be an error without id). */
function faulty(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return json(status, { jsonrpc: '2.0', id: null, error: { code, message } }, headers);
}

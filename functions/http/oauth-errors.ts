import type { AuthorizationError } from '../core/oauth/authorization-response.ts';
import type {
  AuthorizationRefusal,
  CompletionRefusal,
  RegistrationRefusal,
  RevocationRefusal,
  TokenRefusal,
} from '../core/oauth/errors.ts';
import { explain } from '../core/oauth/explain.ts';
import type { Seconds } from '../core/ports.ts';
import { unreachable } from '../core/result.ts';
import type { HttpResponse } from './message.ts';
import { challenged, json } from './respond.ts';

/**
 * Refusals on the wire. The caller learns the category that its protocol has for them and how to get help; the log has
 * the reason. `oauth-problems.ts` does the same for pages.
 */
type WireError = {
  readonly status: 400 | 401 | 404 | 429 | 503;
  readonly error: string;
  readonly description: string;
  /** When to come again. Seconds. */
  readonly retryAfter?: Seconds;
};

const UNAVAILABLE: WireError = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'The server cannot do this right now. Nothing was used up: send the same request again.',
  retryAfter: 2,
};

/** Codes and refresh tokens: never whether one was wrong, expired, used, revoked or somebody else's (RFC 6749 section 5.2). */
const INVALID_GRANT: WireError = {
  status: 400,
  error: 'invalid_grant',
  description: 'The code or refresh token is not valid. Begin a new authorization.',
};

const INVALID_CLIENT: WireError = {
  status: 401,
  error: 'invalid_client',
  description: 'This client is not admitted here, or did not identify itself as registered. Register again.',
};

/** Never whether a token was wrong, expired or unknown. */
const INVITED_ONLY: WireError = {
  status: 401,
  error: 'invalid_token',
  description:
    'Clients register by invitation here. Ask the operator for an initial access token, and send it as Bearer.',
};

/** RFC 7591 section 3.2.2. What is wrong with one's own metadata is no secret, so this one says it. */
export function registrationError(refusal: RegistrationRefusal, issuer: string, requestId: string): HttpResponse {
  const description = `${explain(refusal)}.`;
  switch (refusal.reason) {
    case 'registration-off':
      return wire({ status: 404, error: 'not_found', description }, requestId);
    // RFC 7591 section 3.2.2 leaves this one to RFC 6750: no error code in the challenge when no token was sent.
    case 'initial-access-missing':
      return challenged(401, `Bearer realm="${issuer}"`, bodyOf(INVITED_ONLY, requestId));
    case 'initial-access-refused':
      return challenged(401, `Bearer realm="${issuer}", error="invalid_token"`, bodyOf(INVITED_ONLY, requestId));
    case 'redirect-uris-unusable':
    case 'redirect-uri-unusable':
    case 'redirect-uri-not-vetted':
      return wire({ status: 400, error: 'invalid_redirect_uri', description }, requestId);
    case 'software-statement':
      return wire({ status: 400, error: 'unapproved_software_statement', description }, requestId);
    case 'metadata-not-json':
    case 'metadata-unusable':
    case 'scope-malformed':
    case 'scope-beyond-reach':
      return wire({ status: 400, error: 'invalid_client_metadata', description }, requestId);
    case 'store-unavailable':
      return wire(UNAVAILABLE, requestId);
    default:
      return unreachable(refusal);
  }
}

/** RFC 6749 section 5.2, RFC 7009 section 2.2.1, RFC 8707 section 2. */
export function tokenError(refusal: TokenRefusal | RevocationRefusal, issuer: string, requestId: string): HttpResponse {
  const error = tokenWireError(refusal);
  if (error.status !== 401) return wire(error, requestId);
  // RFC 9110 section 15.5.2: a 401 carries a challenge; RFC 6749 section 5.2 names the scheme the client may have tried.
  return challenged(401, `Basic realm="${issuer}"`, bodyOf(error, requestId));
}

function tokenWireError(refusal: TokenRefusal | RevocationRefusal): WireError {
  const invalid = (error: string, description: string): WireError => ({ status: 400, error, description });
  switch (refusal.reason) {
    case 'parameters-in-query':
      return invalid('invalid_request', 'Send the parameters in the body, none in the query.');
    case 'body-unusable':
      return invalid('invalid_request', 'Send a body of type application/x-www-form-urlencoded.');
    case 'repeated-parameter':
      return invalid('invalid_request', `Send ${refusal.parameter} once.`);
    case 'parameter-missing':
      return invalid('invalid_request', `Send ${refusal.parameter}.`);
    case 'methods-mixed':
      return invalid('invalid_request', 'Use one way to authenticate, not two.');
    case 'grant-type-unsupported':
      return invalid('unsupported_grant_type', 'There are authorization_code and refresh_token.');
    case 'grant-type-not-registered':
      return invalid('unauthorized_client', 'This client did not register for that grant.');
    case 'client-missing':
    case 'client-id-unusable':
    case 'client-unknown':
    case 'document-not-admitted':
    case 'document-unusable':
    case 'client-disabled':
    case 'client-expired':
    case 'secret-unexpected':
    case 'assertion-missing':
    case 'assertion-refused':
      return INVALID_CLIENT;
    case 'resource-repeated':
      return invalid('invalid_target', 'Send one resource.');
    case 'resource-unknown':
      return invalid('invalid_target', `The resource here is ${refusal.expected}.`);
    case 'resource-not-granted':
      return invalid('invalid_target', 'Access to this resource was not granted.');
    case 'scope-malformed':
    case 'scope-beyond-reach':
      return invalid('invalid_scope', 'The scope is malformed or more than was granted.');
    case 'token-malformed':
    case 'grant-unknown':
    case 'grant-of-another-client':
    case 'code-wrong':
    case 'code-expired':
    case 'code-replayed':
    case 'redirect-uri-differs':
    case 'verifier-wrong':
    case 'grant-revoked':
    case 'family-wrong':
    case 'refresh-token-reused':
    case 'family-expired':
    case 'successor-unreadable':
      return INVALID_GRANT;
    case 'item-corrupt':
      return refusal.item === 'client' ? INVALID_CLIENT : INVALID_GRANT;
    case 'access-token-presented':
      return invalid('unsupported_token_type', 'Revoke the refresh token; access tokens end by themselves.');
    case 'document-not-fetched':
      return { ...UNAVAILABLE, retryAfter: refusal.retryAfter };
    case 'too-many-requests':
      return tooMany(refusal.retryAfter);
    case 'signing-unavailable':
    case 'store-unavailable':
      return UNAVAILABLE;
    default:
      return unreachable(refusal);
  }
}

/**
 * RFC 6585 section 4. No error of RFC 6749 section 5.2 means this; of the registered ones this is the one for overload,
 * and it lets a client keep what it has: the MCP SDK begins a new sign-in after an error that it does not know.
 */
function tooMany(retryAfter: Seconds): WireError {
  const description = `This client asks for too many tokens. Nothing was used up: send the same request again in ${retryAfter} s.`;
  return { status: 429, error: 'temporarily_unavailable', description, retryAfter };
}

/** RFC 6749 section 4.1.2.1, RFC 9101 section 7, RFC 8707 section 2. What the identity provider said is never repeated. */
export function authorizationError(refusal: AuthorizationRefusal | CompletionRefusal): {
  readonly error: AuthorizationError;
  readonly description: string;
} {
  const told = (error: AuthorizationError, description: string) => ({ error, description });
  switch (refusal.reason) {
    case 'repeated-parameter':
      return told('invalid_request', `Send ${refusal.parameter} once.`);
    case 'parameter-missing':
      return told('invalid_request', `Send ${refusal.parameter}.`);
    case 'state-too-long':
      return told('invalid_request', 'The state may have 2048 bytes.');
    case 'response-type-unsupported':
      return told('unsupported_response_type', 'There is only code.');
    case 'request-object':
      return refusal.parameter === 'request'
        ? told('request_not_supported', 'Send the parameters themselves.')
        : told('request_uri_not_supported', 'Send the parameters themselves.');
    case 'response-mode-unsupported':
      return told('invalid_request', 'The response mode is query.');
    case 'interaction-forbidden':
      return told('interaction_required', 'Consent is asked every time.');
    case 'challenge-method-unsupported':
      return told('invalid_request', 'The code_challenge_method is S256.');
    case 'challenge-malformed':
      return told('invalid_request', 'An S256 code_challenge has 43 characters of base64url.');
    case 'resource-repeated':
      return told('invalid_target', 'Send one resource.');
    case 'resource-unknown':
      return told('invalid_target', `The resource here is ${refusal.expected}.`);
    case 'scope-malformed':
    case 'scope-beyond-reach':
      return told('invalid_scope', 'None of these scopes can be had.');
    case 'consent-denied':
      return told('access_denied', 'The person did not agree.');
    case 'sign-in-refused':
    case 'identity-refused':
      return told('access_denied', 'The sign-in did not succeed.');
    case 'no-role':
      return told('access_denied', 'This account has no role here. Ask the operator for one.');
    case 'no-tenant':
      return told('access_denied', 'This account belongs to no tenant here. Ask the operator for one.');
    case 'nothing-granted':
      return told('access_denied', 'The role of this account allows none of what was agreed to.');
    case 'identity-unavailable':
    case 'store-unavailable':
      return told('temporarily_unavailable', 'The server cannot do this right now. Begin again in a moment.');
    default:
      return unreachable(refusal);
  }
}

function wire(error: WireError, requestId: string): HttpResponse {
  const { retryAfter } = error;
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return json(error.status, bodyOf(error, requestId), headers);
}

function bodyOf({ error, description }: WireError, requestId: string) {
  return { error, error_description: description, request_id: requestId };
}

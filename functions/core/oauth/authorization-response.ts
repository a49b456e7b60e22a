/** Where an authorization response goes: a redirect URI that is proven to be the client's, and its `state`. */
export type RedirectTarget = { readonly redirectUri: string; readonly state: string | undefined };

export type AuthorizationError =
  | 'invalid_request'
  | 'unsupported_response_type'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'interaction_required'
  | 'invalid_target'
  | 'invalid_scope'
  | 'access_denied'
  | 'temporarily_unavailable';

export type AuthorizationAnswer =
  | { readonly code: string }
  | { readonly error: AuthorizationError; readonly description: string };

/**
 * The address of an authorization response (RFC 6749 section 4.1.2). Always in the query; always with `iss`, errors too,
 * so that a client that talks to several servers cannot be made to mix them up (RFC 9207 section 2).
 *
 * The redirect URI is not parsed again: it goes out in the bytes in which it was compared.
 */
export function authorizationResponse(target: RedirectTarget, issuer: string, answer: AuthorizationAnswer): string {
  const parameters: [string, string][] =
    'code' in answer
      ? [['code', answer.code]]
      : [
          ['error', answer.error],
          ['error_description', answer.description],
        ];
  if (target.state !== undefined) parameters.push(['state', target.state]);
  parameters.push(['iss', issuer]);
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${target.redirectUri}${target.redirectUri.includes('?') ? '&' : '?'}${query}`;
}

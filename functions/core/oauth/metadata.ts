import { OFFLINE_ACCESS } from './scope.ts';

/** What the discovery documents say, all of it from configuration and none of it from a request. */
export type PublishedServer = {
  readonly issuer: string;
  readonly resource: string;
  /** Every scope there is. */
  readonly catalogue: readonly string[];
  readonly defaultScope: readonly string[];
  readonly registration: 'off' | 'token' | 'vetted';
  /** Whether a client may describe itself in a document at its client id. */
  readonly documents: boolean;
};

/** The methods of RFC 7591 a client may prove itself with, and the algorithms of its assertions (RFC 8414 section 2). */
const METHODS = ['none', 'private_key_jwt'];
const ASSERTION_ALGORITHMS = ['ES256', 'RS256'];

/**
 * RFC 8414 section 2. The same document answers for OpenID Connect discovery, because some clients look only there; the
 * three members that only OpenID Connect demands are there for them, and no ID token is ever issued.
 */
export function authorizationServerMetadata({ issuer, catalogue, registration, documents }: PublishedServer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    ...(registration === 'off' ? {} : { registration_endpoint: `${issuer}/register` }),
    ...(documents ? { client_id_metadata_document_supported: true } : {}),
    scopes_supported: [...catalogue, OFFLINE_ACCESS],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: METHODS,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

/** RFC 9728 section 2. `scopes_supported` is the least a client should ask for, not the catalogue; never `offline_access`. */
export function protectedResourceMetadata({ issuer, resource, defaultScope }: PublishedServer) {
  return {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: [...defaultScope],
  };
}

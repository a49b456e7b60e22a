import type { Seconds } from '../ports.ts';
import type { TooManyRequests } from './allowance.ts';
import type { ClientRefusal } from './client.ts';
import type { AssertionRefusal } from './client-assertion.ts';
import type { InitialAccessRefusal } from './initial-access-token.ts';
import type { RepeatedParameter } from './parameters.ts';
import type { RedirectUriRefusal } from './redirect-uri.ts';
import type { ResourceRefusal } from './resource.ts';
import type { ScopeRefusal } from './scope.ts';
import type { ItemCorrupt, StoreUnavailable } from './store.ts';

/**
 * Every reason for which this server says no, with its evidence. Closed: `functions/http/oauth-errors.ts` decides for
 * each what little the wire learns, `explain.ts` says each in a sentence for the log, and a new reason does not compile
 * until both know it. Evidence never contains a secret.
 */
export type ParameterMissing = { readonly reason: 'parameter-missing'; readonly parameter: string };

/** The body could not be read as what the endpoint takes. */
export type BodyUnusable = { readonly reason: 'body-unusable'; readonly problem: 'content-type' | 'encoding' };

/** POST /register. */
export type RegistrationRefusal =
  | { readonly reason: 'registration-off' }
  | InitialAccessRefusal
  | { readonly reason: 'metadata-not-json'; readonly problem: 'content-type' | 'syntax' | 'not-an-object' }
  | { readonly reason: 'metadata-unusable'; readonly member: string; readonly problem: string }
  | { readonly reason: 'redirect-uris-unusable'; readonly problem: string }
  | RedirectUriRefusal
  | { readonly reason: 'redirect-uri-not-vetted'; readonly redirectUri: string }
  | { readonly reason: 'software-statement' }
  | ScopeRefusal
  | StoreUnavailable;

/** GET /authorize, as long as nobody has proven where an answer may go. */
export type LocalRefusal =
  | { readonly reason: 'request-too-large'; readonly size: number; readonly parameters: number }
  | RepeatedParameter
  | ClientRefusal
  | { readonly reason: 'redirect-uri-missing' }
  | { readonly reason: 'redirect-uri-unregistered'; readonly redirectUri: string; readonly clientId: string }
  | StoreUnavailable
  | ItemCorrupt;

/** GET /authorize, once the redirect URI is proven to be the client's: the client is told. */
export type AuthorizationRefusal =
  | RepeatedParameter
  | ParameterMissing
  | { readonly reason: 'state-too-long'; readonly length: number }
  | { readonly reason: 'response-type-unsupported'; readonly responseType: string }
  | { readonly reason: 'request-object'; readonly parameter: 'request' | 'request_uri' }
  | { readonly reason: 'response-mode-unsupported'; readonly responseMode: string }
  | { readonly reason: 'interaction-forbidden' }
  | { readonly reason: 'challenge-method-unsupported'; readonly method: string | undefined }
  | { readonly reason: 'challenge-malformed'; readonly length: number }
  | ResourceRefusal
  | ScopeRefusal
  | IdentityUnavailable
  | StoreUnavailable;

/** POST /consent and GET /callback, while it is not certain that this browser began the transaction. */
export type BrowserRefusal =
  | BodyUnusable
  | RepeatedParameter
  | { readonly reason: 'cross-site'; readonly origin: string | undefined; readonly site: string | undefined }
  | { readonly reason: 'transaction-unnamed' }
  | { readonly reason: 'cookie-missing'; readonly cookie: string }
  | { readonly reason: 'transaction-refused'; readonly fault: TransactionFault }
  | { readonly reason: 'decision-unclear' }
  | { readonly reason: 'nothing-agreed' }
  | IdentityUnavailable
  | StoreUnavailable
  | ItemCorrupt;

export type TransactionFault =
  | 'unknown'
  | 'expired'
  | 'not-pending'
  | 'not-approved'
  | 'other-browser'
  | 'other-form'
  | 'other-state';

/** GET /callback, after the transaction is used up: the client is told, in words that say nothing of the provider's. */
export type CompletionRefusal =
  | { readonly reason: 'consent-denied' }
  | { readonly reason: 'sign-in-refused'; readonly error: string }
  | IdentityRefused
  | IdentityUnavailable
  | { readonly reason: 'no-role'; readonly subject: string; readonly roles: readonly string[] }
  | { readonly reason: 'no-tenant'; readonly subject: string }
  | { readonly reason: 'nothing-granted'; readonly subject: string; readonly agreed: readonly string[] }
  | StoreUnavailable;

/** What the identity provider said cannot be believed. */
export type IdentityRefused = { readonly reason: 'identity-refused'; readonly detail: string };

/** The identity provider cannot be reached, or did not answer sensibly in time. */
export type IdentityUnavailable = { readonly reason: 'identity-unavailable'; readonly detail: string };

/** A client that does not prove itself the way its entry says. */
export type AuthenticationRefusal =
  | { readonly reason: 'methods-mixed' }
  | { readonly reason: 'secret-unexpected'; readonly method: 'basic' | 'body' }
  | { readonly reason: 'assertion-missing'; readonly clientId: string }
  | AssertionRefusal;

/** Where the code or token presented does not lead to a grant that may be used. On the wire all are `invalid_grant`. */
export type GrantRefusal =
  | { readonly reason: 'token-malformed' }
  | { readonly reason: 'grant-unknown'; readonly grantId: string }
  | { readonly reason: 'grant-of-another-client'; readonly grantId: string; readonly clientId: string }
  | { readonly reason: 'code-wrong'; readonly grantId: string }
  | { readonly reason: 'code-expired'; readonly grantId: string; readonly expires: Seconds; readonly now: Seconds }
  | { readonly reason: 'code-replayed'; readonly grantId: string }
  | { readonly reason: 'redirect-uri-differs'; readonly grantId: string }
  | { readonly reason: 'verifier-wrong'; readonly grantId: string }
  | { readonly reason: 'grant-revoked'; readonly grantId: string }
  | { readonly reason: 'family-wrong'; readonly grantId: string }
  | { readonly reason: 'refresh-token-reused'; readonly grantId: string; readonly generation: number }
  | { readonly reason: 'family-expired'; readonly grantId: string; readonly end: 'idle' | 'absolute' }
  | { readonly reason: 'successor-unreadable'; readonly grantId: string }
  | ItemCorrupt;

/** POST /token. */
export type TokenRefusal =
  | { readonly reason: 'parameters-in-query' }
  | BodyUnusable
  | RepeatedParameter
  | ParameterMissing
  | { readonly reason: 'grant-type-unsupported'; readonly grantType: string }
  | { readonly reason: 'grant-type-not-registered'; readonly clientId: string; readonly grantType: string }
  | ClientRefusal
  | AuthenticationRefusal
  | ResourceRefusal
  | { readonly reason: 'resource-not-granted'; readonly grantId: string; readonly granted: string }
  | ScopeRefusal
  | GrantRefusal
  | TooManyRequests
  | { readonly reason: 'signing-unavailable'; readonly detail: string }
  | StoreUnavailable;

/** POST /revoke. */
export type RevocationRefusal =
  | { readonly reason: 'parameters-in-query' }
  | BodyUnusable
  | RepeatedParameter
  | ParameterMissing
  | ClientRefusal
  | AuthenticationRefusal
  | { readonly reason: 'access-token-presented' }
  | StoreUnavailable
  | ItemCorrupt;

export type Refusal =
  | RegistrationRefusal
  | LocalRefusal
  | AuthorizationRefusal
  | BrowserRefusal
  | CompletionRefusal
  | TokenRefusal
  | RevocationRefusal;

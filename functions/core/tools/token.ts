import type { Caller, Seconds } from '../ports.ts';
import type { Result } from '../result.ts';

/**
 * Why an access token was not believed. The wire says `invalid_token` to all of them (RFC 6750 section 3.1); the log
 * says which, and by how much.
 */
export type TokenRefusal =
  /** Not three parts of canonical base64url, or not JSON inside. */
  | { readonly reason: 'malformed' }
  /** Signed, or claiming to be signed, with something else than ES256. */
  | { readonly reason: 'wrong-algorithm' }
  /** A JWT of another kind: an ID token, a client assertion, an identity provider's own token (RFC 9068 section 4). */
  | { readonly reason: 'wrong-type' }
  | { readonly reason: 'unknown-key' }
  | { readonly reason: 'bad-signature' }
  | { readonly reason: 'expired'; readonly expires: Seconds; readonly now: Seconds }
  | { readonly reason: 'not-yet-valid'; readonly claim: 'nbf' | 'iat'; readonly from: Seconds; readonly now: Seconds }
  | { readonly reason: 'lives-too-long'; readonly expires: Seconds; readonly now: Seconds }
  | { readonly reason: 'wrong-issuer' }
  | { readonly reason: 'wrong-audience' }
  | { readonly reason: 'bad-claim'; readonly claim: string };

/** An access token that was believed. `expires` is its `exp`: nobody may remember the caller for longer. */
export type VerifiedToken = { readonly caller: Caller; readonly expires: Seconds };

/** Decides whether a token string is an access token for this server, and whose. No I/O: the keys are already here. */
export type VerifyToken = (token: string) => Result<VerifiedToken, TokenRefusal>;

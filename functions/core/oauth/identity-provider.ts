import type { Result } from '../result.ts';
import type { IdentityRefused, IdentityUnavailable } from './errors.ts';
import type { Identity } from './grant.ts';

/** What only this browser's transaction knows, and the identity provider must bring back. */
export type UpstreamExpectation = { readonly state: string; readonly nonce: string; readonly verifier: string };

/** The organisation's identity provider. People sign in there; this server never sees a password. */
export type IdentityProvider = {
  /** As people know it: the consent page says who comes next. */
  readonly name: string;
  /**
   * The origins a browser is sent to for signing in, for the consent page's `form-action`: browsers apply that to the
   * redirect that answers the form, too.
   */
  readonly origins: () => Promise<Result<readonly string[], IdentityUnavailable>>;
  /** Where to send the browser: an authorization request with PKCE, state and nonce (OpenID Connect Core section 3.1). */
  readonly authorizationUrl: (expected: UpstreamExpectation) => Promise<Result<string, IdentityUnavailable>>;
  /**
   * Redeems the provider's answer and validates the ID token (OpenID Connect Core section 3.1.3.7). `query` is the raw
   * query the browser came back with. Nothing is sent when the answer's `state` or `iss` is wrong (RFC 9207).
   */
  readonly exchange: (
    query: string,
    expected: UpstreamExpectation,
  ) => Promise<Result<Identity, IdentityRefused | IdentityUnavailable>>;
};

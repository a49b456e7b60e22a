import type { IdentityRefused } from '../core/oauth/errors.ts';
import type { Identity } from '../core/oauth/grant.ts';
import { ok, type Result, refuse } from '../core/result.ts';

/** Which claims of the provider's ID token say what. */
export type ClaimNames = { readonly rolesClaim: string; readonly tenantClaim: string };

/** OpenID Connect Core section 2: a subject has at most 255 ASCII characters. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;
const MAX_VALUE = 256;

/**
 * Who signed in, from the claims of a validated ID token. Roles may be one string or a list; what has another form is no
 * role. A claim called `email` decides something only when the provider says that the address was verified: otherwise
 * anybody could sign up as anybody.
 */
export function identityOf(
  claims: Readonly<Record<string, unknown>>,
  { rolesClaim, tenantClaim }: ClaimNames,
): Result<Identity, IdentityRefused> {
  const { sub: subject, email_verified: emailVerified } = claims;
  if (typeof subject !== 'string' || !SUBJECT.test(subject)) {
    return refuse({ reason: 'identity-refused', detail: 'the ID token has no usable sub' });
  }
  if ([rolesClaim, tenantClaim].includes('email') && emailVerified !== true) {
    return refuse({
      reason: 'identity-refused',
      detail: 'an e-mail address decides here, and this one is not verified',
    });
  }
  const roles = claims[rolesClaim];
  const tenant = claims[tenantClaim];
  return ok({
    subject,
    roles: (Array.isArray(roles) ? roles : [roles]).filter(isValue),
    tenant: isValue(tenant) ? tenant : undefined,
  });
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE;
}

import type { IdentityRefused } from '../core/oauth/errors.ts';
import type { Identity } from '../core/oauth/grant.ts';
import { ok, type Result, refuse } from '../core/result.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Which claims of the provider's ID token say what. */
export type ClaimNames = {
  readonly rolesClaim: string;
  readonly tenantClaim: string;
  /** What stands between roles that come in one string. Absent: such a string is one role, whatever is in it. */
  readonly rolesSeparator?: 'space' | 'comma' | undefined;
};

/** OpenID Connect Core section 2: a subject has at most 255 ASCII characters. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;
const MAX_VALUE = 256;

/**
 * Who signed in, from the claims of a validated ID token. Roles may be one string or a list; what has another form is no
 * role. A claim called `email` decides something only when the provider says that the address was verified: otherwise
 * anybody could sign up as anybody.
 */
export function identityOf(claims: Claims, names: ClaimNames): Result<Identity, IdentityRefused> {
  const { sub: subject, email_verified: emailVerified } = claims;
  if (typeof subject !== 'string' || !SUBJECT.test(subject)) {
    return refuse({ reason: 'identity-refused', detail: 'the ID token has no usable sub' });
  }
  if ([names.rolesClaim, names.tenantClaim].includes('email') && emailVerified !== true) {
    return refuse({
      reason: 'identity-refused',
      detail: 'an e-mail address decides here, and this one is not verified',
    });
  }
  const tenant = claimAt(claims, names.tenantClaim);
  return ok({
    subject,
    roles: rolesOf(claimAt(claims, names.rolesClaim), names.rolesSeparator),
    tenant: isValue(tenant) ? tenant : undefined,
  });
}

/**
 * The claim of exactly this name, or else the one that its dots lead to. Auth0 wants custom claims named as URLs, dots
 * and all (https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims), so the whole name comes first;
 * Keycloak nests them, `realm_access.roles` (Server Administration Guide, "Client scopes").
 */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>((value, step) => {
    const inside = isGroup(value) && Object.hasOwn(value, step);
    return inside ? value[step] : undefined;
  }, claims);
}

/** The roles of a claim's value. Entries of a list are never cut: a role's name may have spaces and commas in it. */
function rolesOf(value: unknown, separator: ClaimNames['rolesSeparator']): string[] {
  if (Array.isArray(value)) return value.filter(isValue);
  if (typeof value !== 'string' || separator === undefined) return [value].filter(isValue);
  return value
    .split(separator === 'space' ? ' ' : ',')
    .map((role) => role.trim())
    .filter(isValue);
}

function isGroup(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE;
}

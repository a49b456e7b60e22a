import { ok, type Result, refuse } from '../result.ts';
import { withImplied } from '../tools/authorize.ts';

/** RFC 6749 appendix A.4: visible ASCII without the double quote and the backslash, one space between two. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const MAX_LENGTH = 2048;

/**
 * Asks for a refresh token in OpenID Connect. A client gets one here whenever it registered for it, so the scope is
 * known, advertised and accepted, and never becomes part of an access token.
 */
export const OFFLINE_ACCESS = 'offline_access';

export type ScopeRefusal =
  | { readonly reason: 'scope-malformed'; readonly fault: 'syntax' | 'too-long' | 'repeated' }
  | { readonly reason: 'scope-beyond-reach'; readonly requested: readonly string[]; readonly reach: readonly string[] };

/** The scopes of a `scope` parameter, in their order. Text that would need quoting in a header or a log is no scope. */
export function parseScope(text: string): Result<readonly string[], ScopeRefusal> {
  if (text.length > MAX_LENGTH) return refuse({ reason: 'scope-malformed', fault: 'too-long' });
  if (!SCOPE.test(text)) return refuse({ reason: 'scope-malformed', fault: 'syntax' });
  const scopes = text.split(' ');
  if (new Set(scopes).size !== scopes.length) return refuse({ reason: 'scope-malformed', fault: 'repeated' });
  return ok(scopes);
}

/** What is in all of the lists, in the order of the first. */
export function intersection(first: readonly string[], ...others: readonly (readonly string[])[]): readonly string[] {
  return first.filter((scope) => others.every((other) => other.includes(scope)));
}

/** A broader scope to the narrower ones it includes, as the settings declare it. */
export type Implications = Readonly<Record<string, readonly string[]>>;

/**
 * What is left of the wanted scopes within every reach. Of a broad scope that is out of reach, the narrower ones it
 * includes and that are within remain: whoever asks to manage orders and may only see them gets to see them. A narrower
 * scope is named only where no broader one that is left includes it.
 */
export function downScoped(
  wanted: readonly string[],
  implies: Implications,
  ...reaches: readonly (readonly string[])[]
): readonly string[] {
  const expanded = reaches.map((reach) => withImplied({ roles: {}, implies }, reach));
  const within = (scope: string) => expanded.every((reach) => reach.has(scope));
  const kept = wanted.filter(within);
  const included = [...withImplied({ roles: {}, implies }, wanted)].filter(
    (scope) => !kept.includes(scope) && within(scope),
  );
  const broader = (scope: string) =>
    [...kept, ...included].some((other) => other !== scope && withImplied({ roles: {}, implies }, [other]).has(scope));
  return [...kept, ...included.filter((scope) => !broader(scope)).sort()];
}

/**
 * What a request for scopes may lead to at most: what it asks for, or `byDefault` when it asks for nothing, as far as
 * `reach` allows. Scopes nobody knows are dropped while a known one remains (RFC 6749 section 3.3 lets the server
 * narrow, and the token answer states the result); a request of which nothing remains is refused.
 */
export function scopeWithin(
  requested: readonly string[] | undefined,
  reach: readonly string[],
  byDefault: readonly string[],
  implies: Implications = {},
): Result<readonly string[], ScopeRefusal> {
  const asked = (requested ?? []).filter((scope) => scope !== OFFLINE_ACCESS);
  const wanted = asked.length === 0 ? byDefault : asked;
  const scopes = downScoped(wanted, implies, reach);
  return scopes.length > 0 ? ok(scopes) : refuse({ reason: 'scope-beyond-reach', requested: wanted, reach });
}

/** RFC 6749 section 6: a refresh may ask for less than was granted, never for anything else. */
export function narrowScope(
  requested: readonly string[] | undefined,
  granted: readonly string[],
): Result<readonly string[], ScopeRefusal> {
  const asked = (requested ?? []).filter((scope) => scope !== OFFLINE_ACCESS);
  if (asked.length === 0) return ok(granted);
  if (asked.every((scope) => granted.includes(scope))) return ok(asked);
  return refuse({ reason: 'scope-beyond-reach', requested: asked, reach: granted });
}

/** Everything the roles of a person allow, each scope once. Roles nobody configured allow nothing. */
export function scopesOfRoles(
  roles: readonly string[],
  configured: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return [...new Set(knownRoles(roles, configured).flatMap((role) => configured[role] ?? []))];
}

/** The roles that mean something here. `Object.hasOwn`, because a role may be called `constructor`. */
export function knownRoles(
  roles: readonly string[],
  configured: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return [...new Set(roles)].filter((role) => Object.hasOwn(configured, role));
}

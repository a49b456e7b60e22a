import type { Caller } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Tool } from './define.ts';

/** Who may do what, as the settings declare it. */
export type Policy = {
  /** Role to scopes. A role that is not listed gives nothing. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** A broader scope to the narrower ones it includes. Hierarchies are declared here, never read out of a name. */
  readonly implies?: Readonly<Record<string, readonly string[]>>;
};

export type Denial =
  /** No consent could ever allow this call: the person's roles do not reach it. */
  | { readonly reason: 'beyond-roles'; readonly needs: readonly string[] }
  /** The person may, this token may not: signing in again with these scopes would help. */
  | { readonly reason: 'insufficient-scope'; readonly needs: readonly string[]; readonly missing: readonly string[] };

/** These scopes and every scope that one of them is declared to include. */
export function withImplied(policy: Policy, scopes: Iterable<string>): ReadonlySet<string> {
  const reached = new Set<string>();
  const pending = [...scopes];
  for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
    if (reached.has(scope)) continue;
    reached.add(scope);
    if (policy.implies && Object.hasOwn(policy.implies, scope)) pending.push(...(policy.implies[scope] ?? []));
  }
  return reached;
}

/** What these roles could ever do. `undefined` when none of them is known: no role, no access, not even a scopeless tool. */
export function reachOf(policy: Policy, roles: readonly string[]): ReadonlySet<string> | undefined {
  const known = roles.filter((role) => Object.hasOwn(policy.roles, role));
  if (known.length === 0) return undefined;
  return withImplied(
    policy,
    known.flatMap((role) => policy.roles[role] ?? []),
  );
}

/**
 * Whether this caller may call this tool: the roles must reach every scope of it, and the token must carry every one
 * (the client's ceiling and the consent are in the token already). Roles are judged again on each call, so narrowing a
 * role in the settings takes effect at once and does not wait for tokens to expire.
 */
export function authorize(policy: Policy, caller: Caller, tool: Pick<Tool, 'scopes'>): Result<undefined, Denial> {
  const needs = tool.scopes;
  const reach = reachOf(policy, caller.roles);
  if (!reach || !needs.every((scope) => reach.has(scope))) return refuse({ reason: 'beyond-roles', needs });
  const granted = withImplied(policy, caller.scopes);
  const missing = needs.filter((scope) => !granted.has(scope));
  if (missing.length > 0) return refuse({ reason: 'insufficient-scope', needs, missing });
  return ok(undefined);
}

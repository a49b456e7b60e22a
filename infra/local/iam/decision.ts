import type { Context } from './condition-keys.ts';
import type { Statement } from './policy.ts';
import { type Caller, namedAs } from './principals.ts';

/** What somebody wants to do. */
export type Request = { readonly action: string; readonly resource: string; readonly context: Context };

/** Every policy that has a say in one request. */
export type Policies = {
  readonly identity: readonly Statement[];
  /** The resource's own policy, or the role's trust policy; undefined when the resource has none. */
  readonly resource: readonly Statement[] | undefined;
  /**
   * True where the resource's policy is the root of all access (KMS keys, trust policies): without a word in it nothing
   * is allowed, whatever the role's own policies say.
   */
  readonly resourceMustAllow: boolean;
};

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly explicit: boolean; readonly policy: 'identity-based' | 'resource-based' };

/**
 * AWS's evaluation for a request inside one account ("Policy evaluation logic", IAM user guide): any matching Deny wins;
 * then the role's policies or a resource policy that names the caller allow it. A resource policy that names the account
 * only hands the decision to the role's policies.
 */
export function decide(caller: Caller, request: Request, policies: Policies): Decision {
  const identity = policies.identity.filter((statement) => applies(statement, request));
  const resource = (policies.resource ?? []).filter((statement) => applies(statement, request));
  const naming = resource.map((statement) => ({ statement, name: namedAs(statement.principals ?? [], caller) }));
  const named = naming.filter(({ name }) => name !== undefined);

  if (identity.some(isDeny)) return { allowed: false, explicit: true, policy: 'identity-based' };
  if (named.some(({ statement }) => isDeny(statement))) {
    return { allowed: false, explicit: true, policy: 'resource-based' };
  }

  if (named.some(({ name }) => name === 'direct')) return { allowed: true };
  const delegated = !policies.resourceMustAllow || named.length > 0;
  if (delegated && identity.length > 0) return { allowed: true };
  return { allowed: false, explicit: false, policy: delegated ? 'identity-based' : 'resource-based' };
}

function applies(statement: Statement, { action, resource, context }: Request): boolean {
  return (
    statement.action(action) &&
    statement.resource(resource) &&
    statement.conditions.every((condition) => condition(context))
  );
}

function isDeny(statement: Statement): boolean {
  return statement.effect === 'Deny';
}

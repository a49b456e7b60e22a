import type { Context } from '../iam/condition-keys.ts';
import { type Decision, decide } from '../iam/decision.ts';
import type { Statement } from '../iam/policy.ts';
import { collectResourcePolicies } from '../iam/resource-policies.ts';
import type { Assembly } from '../template/assembly.ts';
import { REGION } from '../template/environment.ts';
import type { Resolver } from '../template/resolver.ts';
import { AwsError } from './aws-error.ts';
import type { Credentials, Principal } from './credentials.ts';

/** One thing IAM must allow before an operation runs. */
export type Need = { readonly action: string; readonly resource: string; readonly context?: Context };

export type Authorizer = {
  readonly may: (principal: Principal, need: Need) => boolean;
  /** @throws AwsError AccessDeniedException, worded as AWS words it */
  readonly require: (principal: Principal, need: Need) => void;
};

/**
 * Decides with the policies of the template.
 *
 * @throws Problem at once, when a resource policy cannot be evaluated
 */
export function createAuthorizer(assembly: Assembly, resolver: Resolver, credentials: Credentials): Authorizer {
  const resourcePolicies = collectResourcePolicies(assembly, resolver);

  function decideOn(principal: Principal, need: Need): Decision {
    const request = {
      action: need.action,
      resource: need.resource,
      context: { ...everyRequest(principal), ...need.context },
    };
    return decide(principal, request, {
      identity: principal.identity,
      resource: resourcePolicyOf(need),
      resourceMustAllow: need.action.startsWith('kms:') || need.action === 'sts:AssumeRole',
    });
  }

  function resourcePolicyOf({ action, resource }: Need): readonly Statement[] | undefined {
    if (action === 'sts:AssumeRole') return credentials.roles.get(resource)?.trust;
    return resourcePolicies.get(carrierOf(resource));
  }

  return {
    may: (principal, need) => decideOn(principal, need).allowed,
    require: (principal, need) => {
      const decision = decideOn(principal, need);
      if (!decision.allowed) throw denied(principal, need, decision);
    },
  };
}

/** The resource that carries the policy for another: the table for its indexes, the bucket for its objects. */
function carrierOf(resource: string): string {
  if (resource.startsWith('arn:aws:s3:::')) return resource.replace(/\/.*$/s, '');
  return resource.replace(/(:table\/[^/]+)\/index\/.*$/s, '$1');
}

/**
 * The condition keys every request has. `aws:SecureTransport` is true although the endpoint is plain HTTP: it asks
 * whether somebody on the way can read the request, and there is no way, only loopback. With false, every bucket policy
 * that insists on TLS (all of ours) would deny what it allows on AWS.
 */
function everyRequest(principal: Principal): Context {
  return {
    'aws:PrincipalArn': principal.principalArn,
    'aws:PrincipalAccount': principal.account,
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:RequestedRegion': REGION,
    'aws:SecureTransport': 'true',
    'kms:CallerAccount': principal.account,
    ...(principal.isSession ? { 'aws:MultiFactorAuthPresent': 'false' } : {}),
  };
}

function denied(principal: Principal, need: Need, decision: Decision & { readonly allowed: false }): AwsError {
  const article = decision.policy === 'identity-based' ? 'an' : 'a';
  const reason = decision.explicit
    ? `with an explicit deny in ${article} ${decision.policy} policy`
    : `because no ${decision.policy} policy allows the ${need.action} action`;
  return accessDenied(
    `${principal.arn} is not authorized to perform: ${need.action} on resource: ${need.resource} ${reason}`,
  );
}

/** Refuses an operation that the local cloud has no action for. On AWS it may exist; here nothing may pass unjudged. */
export function unmapped(principal: Principal, service: string, operation: string): AwsError {
  return accessDenied(
    `${principal.arn} is not authorized to perform: ${service}:${operation} because the local cloud does not serve it`,
  );
}

function accessDenied(sentence: string): AwsError {
  return new AwsError('AccessDeniedException', `User: ${sentence}`);
}

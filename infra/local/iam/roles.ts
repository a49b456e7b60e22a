import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { type Json, listOf, member } from '../template/json.ts';
import { notModelled, placeOf } from '../template/refusal.ts';
import type { Resolver } from '../template/resolver.ts';
import { parsePolicy, type Statement } from './policy.ts';

/** A role with everything that is attached to it. */
export type Role = {
  readonly arn: string;
  readonly name: string;
  readonly identity: readonly Statement[];
  readonly trust: readonly Statement[];
  /** Longest session that sts:AssumeRole may ask for, seconds. */
  readonly maxSessionSeconds: number;
};

/**
 * Every role of the assembly, by ARN, with its inline policies, the AWS::IAM::Policy resources attached to it from any
 * stack, and the managed policies whose content is known here.
 *
 * @throws Problem on a managed policy that is not known, a permissions boundary, or a policy that cannot be evaluated
 */
export function collectRoles(assembly: Assembly, resolver: Resolver): ReadonlyMap<string, Role> {
  const attached = attachedPolicies(assembly, resolver);
  const roles = assembly.ofType('AWS::IAM::Role').map((resource): Role => {
    const property = (name: string) => resolveMember(resolver, resource, name);
    if (property('PermissionsBoundary') !== undefined) throw notModelled(placeOf(resource), 'a permissions boundary');
    const name = resolver.ref(resource);
    const inline = listOf(property('Policies')).flatMap((policy) =>
      parsePolicy(member(policy, 'PolicyDocument') ?? null, 'identity', `${placeOf(resource)} Policies`),
    );
    const managed = listOf(property('ManagedPolicyArns')).flatMap((arn) => managedPolicy(String(arn), resource));
    return {
      arn: resolver.arn(resource),
      name,
      identity: [...inline, ...managed, ...(attached.get(name) ?? [])],
      trust: parsePolicy(property('AssumeRolePolicyDocument') ?? null, 'trust', `${placeOf(resource)} trust policy`),
      maxSessionSeconds: Number(property('MaxSessionDuration') ?? 3600),
    };
  });
  const names = new Set(roles.map(({ name }) => name));
  const stray = [...attached.keys()].find((name) => !names.has(name));
  if (stray) throw new Problem(`A policy is attached to the role "${stray}", which the template does not have.`);
  return new Map(roles.map((role) => [role.arn, role]));
}

/** The statements of AWS::IAM::Policy resources, by the name of the role they are attached to. */
function attachedPolicies(assembly: Assembly, resolver: Resolver): ReadonlyMap<string, readonly Statement[]> {
  const byRole = new Map<string, Statement[]>();
  for (const resource of assembly.ofType('AWS::IAM::Policy')) {
    const document = resolveMember(resolver, resource, 'PolicyDocument') ?? null;
    const statements = parsePolicy(document, 'identity', placeOf(resource));
    if (resource.properties.Users || resource.properties.Groups) {
      throw notModelled(placeOf(resource), 'a policy attached to users or groups');
    }
    for (const role of listOf(resolveMember(resolver, resource, 'Roles'))) {
      byRole.set(String(role), [...(byRole.get(String(role)) ?? []), ...statements]);
    }
  }
  return byRole;
}

/** AWS's own managed policies, as their documentation prints them. The local cloud knows no others. */
const MANAGED: ReadonlyMap<string, Json> = new Map([
  [
    'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: '*',
        },
      ],
    },
  ],
]);

function managedPolicy(arn: string, role: Resource): readonly Statement[] {
  const document = MANAGED.get(arn);
  if (!document) throw notModelled(placeOf(role), `the managed policy ${arn}, whose content is not known here`);
  return parsePolicy(document, 'identity', arn);
}

function resolveMember(resolver: Resolver, resource: Resource, name: string): Json | undefined {
  const value = resource.properties[name];
  return value === undefined ? undefined : resolver.resolve(resource.stack, value);
}

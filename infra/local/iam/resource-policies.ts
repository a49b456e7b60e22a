import type { Assembly, Resource } from '../template/assembly.ts';
import { type Json, listOf, member } from '../template/json.ts';
import { notModelled, placeOf } from '../template/refusal.ts';
import type { Resolver } from '../template/resolver.ts';
import { parsePolicy, type Statement } from './policy.ts';

/**
 * The policies that resources carry themselves, by the resource's ARN: keys, tables, secrets and buckets.
 *
 * @throws Problem on a policy that cannot be evaluated, or on a permission to invoke a function that is given to
 *   anybody but a service (a role gets that from its own policies here)
 */
export function collectResourcePolicies(
  assembly: Assembly,
  resolver: Resolver,
): ReadonlyMap<string, readonly Statement[]> {
  const policies = new Map<string, readonly Statement[]>();
  const add = (arn: string, document: Json | undefined, resource: Resource) => {
    if (document === undefined) return;
    const statements = parsePolicy(resolver.resolve(resource.stack, document), 'resource', placeOf(resource));
    policies.set(arn, [...(policies.get(arn) ?? []), ...statements]);
  };

  for (const key of assembly.ofType('AWS::KMS::Key')) {
    add(resolver.arn(key), key.properties.KeyPolicy ?? defaultKeyPolicy, key);
  }
  for (const table of assembly.ofType('AWS::DynamoDB::Table')) {
    add(resolver.arn(table), member(table.properties.ResourcePolicy, 'PolicyDocument'), table);
  }
  for (const table of assembly.ofType('AWS::DynamoDB::GlobalTable')) {
    const replicas = listOf(table.properties.Replicas);
    if (replicas.length > 1) throw notModelled(placeOf(table), 'a table with replicas in other regions');
    add(resolver.arn(table), member(member(replicas[0], 'ResourcePolicy'), 'PolicyDocument'), table);
  }
  for (const policy of assembly.ofType('AWS::SecretsManager::ResourcePolicy')) {
    add(resolver.ref(policy), policy.properties.ResourcePolicy, policy);
  }
  for (const policy of assembly.ofType('AWS::S3::BucketPolicy')) {
    const bucket = resolver.resolve(policy.stack, policy.properties.Bucket ?? null);
    add(`arn:aws:s3:::${String(bucket)}`, policy.properties.PolicyDocument, policy);
  }
  for (const permission of assembly.ofType('AWS::Lambda::Permission')) {
    const principal = String(resolver.resolve(permission.stack, permission.properties.Principal ?? null));
    if (!principal.endsWith('.amazonaws.com')) throw notModelled(placeOf(permission), `a permission for ${principal}`);
  }
  return policies;
}

/** What KMS gives a key that comes without a policy: the account decides. */
const defaultKeyPolicy: Json = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: { AWS: 'arn:aws:iam::000000000000:root' } },
  ],
};

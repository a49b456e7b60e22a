import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../function-names.ts';

/**
 * Roles of functions have names that are known beforehand. A key in the data stack can so name the only roles that may
 * use it, although those roles are made later, in the service stack. IAM is global: the region keeps two regions apart.
 */
export function roleName(scope: Construct, stage: string, name: FunctionName): string {
  return `gatehouse-${stage}-${name}-${Stack.of(scope).region}`;
}

/** The ARN that {@link roleName} will have in this account. */
export function roleArn(scope: Construct, stage: string, name: FunctionName): string {
  return Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource: 'role',
    resourceName: roleName(scope, stage, name),
  });
}

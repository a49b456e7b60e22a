import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, type KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { FunctionName } from '../function-names.ts';
import { roleArn } from './role-names.ts';

/** Properties of a {@link FunctionKey}. */
export type FunctionKeyProps = {
  readonly stage: string;
  readonly description: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  /** The functions whose roles may use the key, if their own policies allow it too. */
  readonly users: readonly FunctionName[];
  /** Whether deleting the stack deletes the key, after the shortest waiting period KMS has. */
  readonly disposable: boolean;
};

/** What the account's administrators may do to a key: keep it, never use it, and never grant its use to somebody. */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

/**
 * A KMS key that only the roles of the named functions can use. The usual key policy hands every use to IAM, so that any
 * administrator could sign a token; this one hands IAM the administration, and the use under a condition on the role.
 */
export class FunctionKey extends Key {
  constructor(scope: Construct, id: string, props: FunctionKeyProps) {
    const account = new AccountRootPrincipal();
    const use = props.usage === KeyUsage.SIGN_VERIFY ? 'kms:Sign' : 'kms:GenerateMac';
    const users = props.users.map((name) => roleArn(scope, props.stage, name));
    super(scope, id, {
      description: `${props.description} (gatehouse ${props.stage})`,
      keySpec: props.spec,
      keyUsage: props.usage,
      removalPolicy: props.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      ...(props.disposable && { pendingWindow: Duration.days(7) }),
      policy: new PolicyDocument({
        statements: [
          // In a key policy "*" is this key and no other: a key cannot name itself before it exists.
          new PolicyStatement({
            sid: 'Administration',
            principals: [account],
            actions:
              props.usage === KeyUsage.SIGN_VERIFY ? [...ADMINISTRATION, 'kms:GetPublicKey'].sort() : ADMINISTRATION,
            resources: ['*'],
          }),
          new PolicyStatement({
            sid: 'Use',
            principals: [account],
            actions: [use],
            resources: ['*'],
            conditions: { ArnEquals: { 'aws:PrincipalArn': users } },
          }),
        ],
      }),
    });
  }
}

import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolDomain,
  CfnUserPoolGroup,
  FeaturePlan,
  Mfa,
  StringAttribute,
  UserPool,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

/** Properties of {@link People}. */
export type PeopleProps = {
  readonly stage: string;
  /** A group is made for each. */
  readonly roles: readonly string[];
  /** Whether deleting the stack deletes the accounts, and whether a second factor is optional. */
  readonly disposable: boolean;
};

/** A Cognito user pool: administrators invite people and put them into groups, which are their roles. */
export class People extends Construct {
  readonly userPool: UserPool;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    const { stage, disposable } = props;
    this.userPool = new UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      // Mutable for administrators; the app client may not write it, or people could choose their own tenant.
      customAttributes: { tenant: new StringAttribute({ minLen: 1, maxLen: 128, mutable: true }) },
      mfa: disposable ? Mfa.OPTIONAL : Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: { minLength: 14 },
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    for (const [index, role] of props.roles.entries()) {
      new CfnUserPoolGroup(this, `Role${index}`, {
        userPoolId: this.userPool.userPoolId,
        groupName: role,
        description: `Role "${role}" of gatehouse ${stage}`,
      });
    }
    new CfnUserPoolDomain(this, 'Domain', {
      userPoolId: this.userPool.userPoolId,
      // Unique in the region among all accounts, so it has the account's number in it.
      domain: `gatehouse-${stage}-${Aws.ACCOUNT_ID}`,
      managedLoginVersion: 2,
    });
  }
}

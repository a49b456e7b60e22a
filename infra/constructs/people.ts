import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolDomain,
  CfnUserPoolGroup,
  FeaturePlan,
  Mfa,
  StandardThreatProtectionMode,
  StringAttribute,
  UserPool,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Identity } from '../settings.ts';

/** The setting `identity`, where its kind is cognito. */
type Cognito = Extract<Identity, { readonly kind: 'cognito' }>;

/** Properties of {@link People}. */
export type PeopleProps = {
  readonly stage: string;
  /** A group is made for each. */
  readonly roles: readonly string[];
  /** Whether deleting the stack deletes the accounts. */
  readonly disposable: boolean;
  /** How people prove who they are. */
  readonly identity: Pick<Cognito, 'mfa' | 'threatProtection'>;
};

const MFA = { required: Mfa.REQUIRED, optional: Mfa.OPTIONAL, off: Mfa.OFF } as const;

/** A Cognito user pool: administrators invite people and put them into groups, which are their roles. */
export class People extends Construct {
  readonly userPool: UserPool;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    const { stage, disposable, identity } = props;
    const { threatProtection = false } = identity;
    // A developer who signs in all day on their own stage may do without.
    const mfa = identity.mfa ?? (disposable ? 'optional' : 'required');
    this.userPool = new UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      // Mutable for administrators; the app client may not write it, or people could choose their own tenant.
      customAttributes: { tenant: new StringAttribute({ minLen: 1, maxLen: 128, mutable: true }) },
      mfa: MFA[mfa],
      // An authenticator app: codes by text message are stolen with the number, and cost money.
      ...(mfa !== 'off' && { mfaSecondFactor: { otp: true, sms: false } }),
      // NIST SP 800-63B-4, section 3.1.1.2: 15 characters where the password is all there is, and no rules about their kinds.
      passwordPolicy: { minLength: 15 },
      // Plus costs for every person who signs in; Essentials has all that is used here but threat protection.
      featurePlan: threatProtection ? FeaturePlan.PLUS : FeaturePlan.ESSENTIALS,
      ...(threatProtection && { standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION }),
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    for (const role of props.roles) {
      // Its id is of its name, not of its place: a role put before it must not make another group of it.
      const group = new CfnUserPoolGroup(this, `Role ${encodeURIComponent(role)}`, {
        userPoolId: this.userPool.userPoolId,
        groupName: role,
        description: `Role "${role}" of gatehouse ${stage}`,
      });
      // Who has which role is written nowhere else.
      group.applyRemovalPolicy(disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN);
    }
    new CfnUserPoolDomain(this, 'Domain', {
      userPoolId: this.userPool.userPoolId,
      // Unique in the region among all accounts, so it has the account's number in it.
      domain: `gatehouse-${stage}-${Aws.ACCOUNT_ID}`,
      managedLoginVersion: 2,
    });
  }
}

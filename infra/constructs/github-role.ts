import { Duration } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Who issues the tokens of GitHub Actions, and the audience of those that are for AWS. */
export const GITHUB = { issuer: 'token.actions.githubusercontent.com', audience: 'sts.amazonaws.com' } as const;

/** Properties of a {@link GithubRole}. */
export type GithubRoleProps = {
  readonly description: string;
  /** ARN of the account's identity provider for {@link GITHUB}. */
  readonly providerArn: string;
  /** `sub` of the one kind of token that opens this role, whole: no part of it is a pattern. */
  readonly subject: string;
  /** All that the role may do. */
  readonly permissions: readonly PolicyStatement[];
};

/**
 * A role that a job of GitHub Actions assumes with the token GitHub gave it, for an hour at most. Audience and subject are
 * compared whole (`StringEquals`), as GitHub asks for: with the issuer alone any repository in the world could assume it.
 *
 * https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
 */
export class GithubRole extends Role {
  constructor(scope: Construct, id: string, { description, providerArn, subject, permissions }: GithubRoleProps) {
    super(scope, id, {
      description,
      assumedBy: new WebIdentityPrincipal(providerArn, {
        StringEquals: { [`${GITHUB.issuer}:aud`]: GITHUB.audience, [`${GITHUB.issuer}:sub`]: subject },
      }),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: { [id]: new PolicyDocument({ statements: [...permissions] }) },
    });
  }
}

import { CfnOutput, DefaultStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import { OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { GITHUB, GithubRole } from '../constructs/github-role.ts';
import { allow } from '../constructs/permissions.ts';
import type { Settings } from '../settings.ts';
import { EDGE_REGION } from '../settings-edge.ts';

/** Properties of a {@link PipelineStack}. */
export type PipelineStackProps = StackProps & {
  readonly settings: Settings;
  readonly pipeline: NonNullable<Settings['pipeline']>;
};

/**
 * The bootstrap roles that a deployment assumes: one updates stacks, one uploads the functions' code, one reads what is
 * deployed. The fourth publishes images, and there are none; the fifth is assumed by CloudFormation alone.
 *
 * https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
 */
const ASSUMED = ['deploy', 'file-publishing', 'lookup'];

/**
 * The roles of the workflows in `.github/workflows`: one for each environment, which deploys, and one for pull requests,
 * which reads templates. Made once for an account, by a person, and by no workflow: no stage's deployment touches it.
 */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { settings, pipeline, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const { repository, environments } = pipeline;
    // Native: an older construct of the same name makes it by a function that may change any provider of the account.
    const providerArn =
      pipeline.providerArn ??
      new OidcProviderNative(this, 'GitHub', { url: `https://${GITHUB.issuer}`, clientIds: [GITHUB.audience] })
        .oidcProviderArn;
    const regions = [...new Set([this.region, ...(settings.edge.kind === 'none' ? [] : [EDGE_REGION])])];

    for (const environment of environments) {
      const name = pascal(environment);
      const role = new GithubRole(this, `Deploy${name}`, {
        description: `Deploys from ${repository}, environment ${environment}`,
        providerArn,
        subject: `repo:${repository}:environment:${environment}`,
        permissions: [
          allow(
            ['sts:AssumeRole'],
            regions.flatMap((region) => this.#bootstrapRoles(region)),
          ),
        ],
      });
      new CfnOutput(this, `Deploy${name}RoleArn`, {
        value: role.roleArn,
        description: `Variable AWS_DEPLOY_ROLE_ARN of the environment ${environment} on GitHub`,
      });
    }

    const pullRequests = new GithubRole(this, 'PullRequests', {
      description: `Reads templates of stacks, for pull requests of ${repository}`,
      providerArn,
      subject: `repo:${repository}:pull_request`,
      // Not the lookup role of the bootstrap: it may read whatever the account holds, logs and tables too, and whoever can
      // push a branch writes what a pull request runs.
      permissions: [
        allow(
          ['cloudformation:GetTemplate'],
          regions.map((region) =>
            this.formatArn({ service: 'cloudformation', region, resource: 'stack', resourceName: 'gatehouse-*/*' }),
          ),
        ),
      ],
    });
    new CfnOutput(this, 'PullRequestsRoleArn', {
      value: pullRequests.roleArn,
      description: 'Variable AWS_PULL_REQUEST_ROLE_ARN of the repository on GitHub',
    });
  }

  #bootstrapRoles(region: string): string[] {
    const qualifier = this.synthesizer.bootstrapQualifier ?? DefaultStackSynthesizer.DEFAULT_QUALIFIER;
    return ASSUMED.map((role) =>
      this.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: `cdk-${qualifier}-${role}-role-${this.account}-${region}`,
      }),
    );
  }
}

/** `prod-eu` as a part of an id: `ProdEu`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

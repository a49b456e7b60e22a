import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { PipelineStack } from '../../infra/stacks/pipeline.ts';
import { EDGE } from './edge.ts';
import { context, listOf, ofType, PRODUCTION, readable } from './synthesized.ts';

const REPOSITORY = 'example-org@123456/gatehouse@456789';
const PROVIDER = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';

type Role = {
  readonly AssumeRolePolicyDocument: { readonly Statement: readonly unknown[] };
  readonly Policies: readonly {
    readonly PolicyDocument: {
      readonly Statement: readonly { readonly Action: unknown; readonly Resource: unknown; readonly Effect: string }[];
    };
  }[];
  readonly MaxSessionDuration: number;
  readonly ManagedPolicyArns?: unknown;
};

const read = (pipeline: unknown, more = {}) =>
  settingsFrom({ ...context, ...PRODUCTION, ...more, 'gatehouse.pipeline': pipeline });

function pipelineOf(pipeline: Readonly<Record<string, unknown>>, more = {}): Template {
  const settings = read({ repository: REPOSITORY, environments: ['prod'], ...pipeline }, more);
  if (settings.pipeline === undefined) throw new Error('no pipeline');
  const app = new App({ context, analyticsReporting: false });
  return Template.fromStack(new PipelineStack(app, 'gatehouse-pipeline', { settings, pipeline: settings.pipeline }));
}

const rolesOf = (template: Template) =>
  Object.fromEntries(
    Object.entries(ofType<Role>(template, 'AWS::IAM::Role')).map(([id, { Properties }]) => [
      id.replace(/[0-9A-F]{8}$/, ''),
      Properties,
    ]),
  );

function rows(role: Role | undefined): string[] {
  const statements = role?.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement) ?? [];
  return statements.flatMap(({ Effect, Action, Resource }) =>
    listOf(Action).flatMap((action) => listOf(Resource).map((on) => `${Effect} ${action} on ${readable(on)}`)),
  );
}

const trust = (provider: unknown, subject: string) => [
  {
    Action: 'sts:AssumeRoleWithWebIdentity',
    Effect: 'Allow',
    Principal: { Federated: provider },
    Condition: {
      StringEquals: {
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
        'token.actions.githubusercontent.com:sub': subject,
      },
    },
  },
];

describe('the role that deploys', () => {
  const template = pipelineOf({ environments: ['prod', 'prod-eu'] });
  const roles = rolesOf(template);
  const [provider] = Object.keys(ofType(template, 'AWS::IAM::OIDCProvider'));

  test('is opened by one environment of one repository, compared whole', () => {
    expect(roles.DeployProd?.AssumeRolePolicyDocument.Statement).toEqual(
      trust({ Ref: provider }, `repo:${REPOSITORY}:environment:prod`),
    );
    expect(roles.DeployProdEu?.AssumeRolePolicyDocument.Statement).toEqual(
      trust({ Ref: provider }, `repo:${REPOSITORY}:environment:prod-eu`),
    );
  });

  test('may assume three roles of the bootstrap, and nothing else', () => {
    const bootstrap = (role: string) => `Allow sts:AssumeRole on role/cdk-hnb659fds-${role}-role-AccountId-Region`;
    for (const role of [roles.DeployProd, roles.DeployProdEu]) {
      expect(rows(role)).toEqual(['deploy', 'file-publishing', 'lookup'].map(bootstrap));
    }
  });

  test('assumes roles that the CDK’s bootstrap makes', () => {
    const file = createRequire(import.meta.url).resolve('aws-cdk/lib/api/bootstrap/bootstrap-template.yaml');
    const bootstrap = readFileSync(file, 'utf8');
    for (const role of ['deploy', 'file-publishing', 'lookup']) {
      expect(bootstrap).toContain(`cdk-\${Qualifier}-${role}-role-\${AWS::AccountId}-\${AWS::Region}`);
    }
  });

  test('assumes them in the region of the web ACL too, where there is one', () => {
    const { DeployProd } = rolesOf(pipelineOf({}, EDGE));
    const named = rows(DeployProd).map((row) => row.replace(/^.*role\/cdk-hnb659fds-/, ''));
    const expected = ['deploy', 'file-publishing', 'lookup'].flatMap((role) =>
      ['Region', 'us-east-1'].map((region) => `${role}-role-AccountId-${region}`),
    );
    expect(named).toEqual(expected);
  });
});

describe('the role of pull requests', () => {
  const roles = rolesOf(pipelineOf({}));

  test('is opened by pull requests of the repository alone', () => {
    const [statement] = roles.PullRequests?.AssumeRolePolicyDocument.Statement ?? [];
    expect(JSON.stringify(statement)).toContain(`"repo:${REPOSITORY}:pull_request"`);
  });

  test('may read the templates of our stacks, and nothing else', () => {
    expect(rows(roles.PullRequests)).toEqual([
      'Allow cloudformation:GetTemplate on arn:Partition:cloudformation:Region:AccountId:stack/gatehouse-*/*',
    ]);
  });
});

describe('the stack', () => {
  const template = pipelineOf({});

  test('holds roles and a provider, and no function that makes one', () => {
    const { Resources } = template.toJSON() as { Resources: Readonly<Record<string, { Type: string }>> };
    const types = Object.values(Resources).map(({ Type }) => Type);
    expect(types.sort()).toEqual(['AWS::IAM::OIDCProvider', 'AWS::IAM::Role', 'AWS::IAM::Role']);
    template.hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
  });

  test('lets a session last an hour at most, and attaches no policy from elsewhere', () => {
    for (const role of Object.values(rolesOf(template))) {
      expect(role.MaxSessionDuration).toBe(3600);
      expect(role.ManagedPolicyArns).toBeUndefined();
    }
  });

  test('takes the provider that the account has', () => {
    const there = pipelineOf({ providerArn: PROVIDER });
    there.resourceCountIs('AWS::IAM::OIDCProvider', 0);
    expect(rolesOf(there).DeployProd?.AssumeRolePolicyDocument.Statement).toEqual(
      trust(PROVIDER, `repo:${REPOSITORY}:environment:prod`),
    );
  });

  test('tells the roles’ ARNs, and where they belong on GitHub', () => {
    const outputs = template.toJSON().Outputs as Readonly<Record<string, { Description: string }>>;
    expect(Object.fromEntries(Object.entries(outputs).map(([name, { Description }]) => [name, Description]))).toEqual({
      DeployProdRoleArn: 'Variable AWS_DEPLOY_ROLE_ARN of the environment prod on GitHub',
      PullRequestsRoleArn: 'Variable AWS_PULL_REQUEST_ROLE_ARN of the repository on GitHub',
    });
  });
});

describe('the setting pipeline', () => {
  test('is none, unless it is set', () => {
    expect(settingsFrom(context).pipeline).toBeUndefined();
  });

  test.each(['owner/repository', 'o/r.s_t-u', 'example-org@1/gatehouse@2'])('takes the repository %s', (repository) => {
    expect(read({ repository, environments: ['prod'] }).pipeline?.repository).toBe(repository);
  });

  test.each([
    'owner/*',
    '*/a',
    '*/*',
    'owner',
    'owner/a/b',
    'owner/a:environment:prod',
    'owner@*/a@1',
    'owner@1/a',
    'owner/a@1',
    'https://github.com/owner/a',
    '-owner/a',
    'owner/a?',
    '',
  ])('takes no repository like %j', (repository) => {
    expect(() => read({ repository, environments: ['prod'] })).toThrow(
      `gatehouse.pipeline.repository is ${JSON.stringify(repository)}, which is no repository on GitHub. Write it like owner/repository`,
    );
  });

  test.each(['*', 'prod*', 'Prod', 'prod:eu', '-prod', 'prod--eu', 'a'.repeat(33), ''])(
    'takes no environment like %j',
    (environment) => {
      expect(() => read({ repository: 'o/r', environments: [environment] })).toThrow(
        /pipeline\.environments\[0\] is .*, which is no environment\. Use 1 to 32/,
      );
    },
  );

  test.each([[[]], [['prod', 'prod']], [['ab', 'a-b']], ['prod']])('takes no environments like %j', (environments) => {
    expect(() => read({ repository: 'o/r', environments })).toThrow(
      /pipeline\.environments is .*, which is no list of different environments\. Write a list like \["prod"\]/,
    );
  });

  test.each([
    PROVIDER.replace('token.actions', 'evil'),
    `${PROVIDER}/x`,
    'github',
    PROVIDER.replace('111122223333', '*'),
  ])('takes no provider like %j', (providerArn) => {
    expect(() => read({ repository: 'o/r', environments: ['prod'], providerArn })).toThrow(
      /providerArn is .*, which is no ARN of the identity provider of GitHub Actions\. Write it like arn:aws:iam::/,
    );
  });

  test('says which of its parts is unknown', () => {
    expect(() => read({ repository: 'o/r', environments: ['prod'], branch: 'main' })).toThrow(
      'gatehouse.pipeline.branch is no setting. Settings here: repository, environments, providerArn.',
    );
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { COMBINATIONS } from './combinations.ts';
import { functionsOf, type Privilege, privilegesOf, resourcesOf } from './least-privilege.ts';
import { built, listOf, readable } from './synthesized.ts';

/**
 * What other settings change in the reviewed tables, line by line: `-` is gone and `+` is new. The tables themselves are
 * those of cdk.json, in least-privilege.test.ts and least-privilege-resources.test.ts.
 */
const STANDARD = 'dev, cognito, aurora, no edge';
const CLUSTER = 'arn:aws:rds:eu-west-1:111122223333:cluster:shared';
const ADMIN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse/admin-AbCdEf';

const NO_NETWORK = `
- FlowLog: logs:CreateLogStream on DatabaseFlowsLog
- FlowLog: logs:DescribeLogStreams on DatabaseFlowsLog
- FlowLog: logs:PutLogEvents on DatabaseFlowsLog
- FlowLog: vpc-flow-logs.amazonaws.com sts:AssumeRole if StringEquals aws:SourceAccount AccountId`;

const SOMEBODY_ELSES_CLUSTER = `${NO_NETWORK}
- migrate: secretsmanager:GetSecretValue on DatabaseAdminSecret
+ migrate: secretsmanager:GetSecretValue on ${ADMIN}
${['migrate', 'mcp', 'mcp-write']
  .flatMap((who) =>
    [
      'BeginTransaction',
      'ExecuteStatement',
      'RollbackTransaction',
      ...(who === 'mcp' ? [] : ['CommitTransaction']),
    ].flatMap((call) => [`- ${who}: rds-data:${call} on DatabaseCluster`, `+ ${who}: rds-data:${call} on ${CLUSTER}`]),
  )
  .join('\n')}`;

const NO_DATABASE = `${NO_NETWORK}
- migrate: rds-data:BeginTransaction on DatabaseCluster
- migrate: rds-data:CommitTransaction on DatabaseCluster
- migrate: rds-data:ExecuteStatement on DatabaseCluster
- migrate: rds-data:RollbackTransaction on DatabaseCluster
- migrate: secretsmanager:GetSecretValue on DatabaseAdminSecret
- migrate: secretsmanager:GetSecretValue on DatabaseReaderSecret
- migrate: secretsmanager:GetSecretValue on DatabaseWriterSecret
- DatabaseChecker: lambda:InvokeFunction on AtDeployMigrateFunction
- DatabaseChecker: root sts:AssumeRole
- mcp-write: rds-data:BeginTransaction on DatabaseCluster
- mcp-write: rds-data:CommitTransaction on DatabaseCluster
- mcp-write: rds-data:ExecuteStatement on DatabaseCluster
- mcp-write: rds-data:RollbackTransaction on DatabaseCluster
- mcp-write: secretsmanager:GetSecretValue on DatabaseWriterSecret
- mcp-write: dynamodb:PartiQLInsert on AuditTable for D#*, S#*
- mcp-write: kms:GenerateMac on AuditMacKey
- mcp-write: dynamodb:GetItem on Grants for APPROVAL#*
- mcp-write: dynamodb:PutItem on Grants for APPROVAL#*
- mcp-write: dynamodb:UpdateItem on Grants for APPROVAL#*
- mcp-write: lambda.amazonaws.com sts:AssumeRole
- mcp-write: logs:CreateLogStream on ToolsMcpWriteLog
- mcp-write: logs:PutLogEvents on ToolsMcpWriteLog
- mcp-write: xray:PutTelemetryRecords on *
- mcp-write: xray:PutTraceSegments on *
- mcp: rds-data:BeginTransaction on DatabaseCluster
- mcp: rds-data:ExecuteStatement on DatabaseCluster
- mcp: rds-data:RollbackTransaction on DatabaseCluster
- mcp: secretsmanager:GetSecretValue on DatabaseReaderSecret
- mcp: lambda:InvokeFunction on ToolsMcpWriteFunction`;

const PROTECTED = `
+ AuditTable: anybody never dynamodb:DeleteTable on *`;

const PROVIDER_ELSEWHERE = `
- authorize: secretsmanager:GetSecretValue on SignInSecret
+ authorize: secretsmanager:GetSecretValue on IdentitySecret`;

const WORKOS = `${PROVIDER_ELSEWHERE}
+ authorize: secretsmanager:GetSecretValue on WorkosApiKey`;

const BY_INVITATION = `
+ register: dynamodb:GetItem on Registry for TOKEN#*
+ register: dynamodb:UpdateItem on Registry for TOKEN#*`;

const BUDGET = `
+ NotificationsKey: budgets.amazonaws.com kms:Decrypt on * if StringEquals aws:SourceAccount AccountId
+ NotificationsKey: budgets.amazonaws.com kms:GenerateDataKey on * if StringEquals aws:SourceAccount AccountId
+ NotificationsTopic: budgets.amazonaws.com sns:Publish if StringEquals aws:SourceAccount AccountId if ArnLike aws:SourceArn arn:Partition:budgets::AccountId:*`;

const NO_ALARMS = `
${[
  ...['CancelKeyDeletion', 'DescribeKey', 'DisableKey', 'DisableKeyRotation', 'EnableKey', 'EnableKeyRotation'],
  ...['GetKeyPolicy', 'GetKeyRotationStatus', 'ListResourceTags', 'PutKeyPolicy', 'ScheduleKeyDeletion'],
  ...['TagResource', 'UntagResource', 'UpdateKeyDescription'],
]
  .map((action) => `- NotificationsKey: root kms:${action} on *`)
  .join('\n')}
- NotificationsKey: cloudwatch.amazonaws.com kms:Decrypt on * if StringEquals aws:SourceAccount AccountId
- NotificationsKey: cloudwatch.amazonaws.com kms:GenerateDataKey on * if StringEquals aws:SourceAccount AccountId
- NotificationsTopic: anybody never sns:Publish if Bool aws:SecureTransport false
- NotificationsTopic: cloudwatch.amazonaws.com sns:Publish if StringEquals aws:SourceAccount AccountId if ArnLike aws:SourceArn arn:Partition:cloudwatch:Region:AccountId:alarm:gatehouse-dev-*`;

/** What the account's administrators may do with a key: all but use it. */
const ADMINISTER = [
  ...[
    'CancelKeyDeletion',
    'DescribeKey',
    'DisableKey',
    'EnableKey',
    'GetKeyPolicy',
    'GetKeyRotationStatus',
    'GetPublicKey',
  ],
  ...['ListGrants', 'ListKeyPolicies', 'ListResourceTags', 'PutKeyPolicy', 'RevokeGrant', 'ScheduleKeyDeletion'],
  ...['TagResource', 'UntagResource', 'UpdateKeyDescription'],
];

/** The second of two: as the first. */
function secondKey(key: string, user: string): string {
  return `
${ADMINISTER.map((action) => `+ ${key}: root kms:${action} on *`).join('\n')}
+ ${key}: root kms:Sign on * if ArnEquals aws:PrincipalArn role/gatehouse-dev-${user}-Region`;
}

const ROTATING = `${secondKey('AuditSigningKey2', 'seal')}${secondKey('TokenKey2', 'token')}
+ AuditReader: kms:GetPublicKey on AuditSigningKey2`;

const GITHUB = 'token.actions.githubusercontent.com';
const TEMPLATES = ['Region', 'us-east-1'].map(
  (region) => `arn:Partition:cloudformation:${region}:AccountId:stack/gatehouse-*/*`,
);
const BY_PIPELINE = `
${['deploy', 'file-publishing', 'lookup']
  .flatMap((role) => ['Region', 'us-east-1'].map((region) => `cdk-hnb659fds-${role}-role-AccountId-${region}`))
  .map((role) => `+ DeployProd: sts:AssumeRole on role/${role}`)
  .join('\n')}
${TEMPLATES.map((template) => `+ PullRequests: cloudformation:GetTemplate on ${template}`).join('\n')}
${[
  ['DeployProd', 'environment:prod'],
  ['PullRequests', 'pull_request'],
]
  .map(([role, subject]) => [role, `if StringEquals ${GITHUB}:sub repo:acme/gatehouse:${subject}`])
  .map(
    ([role, condition]) =>
      `+ ${role}: GitHub sts:AssumeRoleWithWebIdentity if StringEquals ${GITHUB}:aud sts.amazonaws.com ${condition}`,
  )
  .join('\n')}`;

/** CloudFront and the web ACL are in none: what stands in front of the API may do nothing to it. */
const REVIEWED: Readonly<Record<string, string>> = {
  [STANDARD]: '',
  'prod, cognito, aurora, cloudfront, alarms by e-mail': PROTECTED + BUDGET,
  'prod, cognito with threat protection, no database, invitations, no alarms':
    PROTECTED + NO_DATABASE + BY_INVITATION + NO_ALARMS,
  'prod, workos, existing, no edge': PROTECTED + SOMEBODY_ELSES_CLUSTER + WORKOS,
  'dev, workos, no database, cloudfront': NO_DATABASE + WORKOS,
  'prod, oidc, aurora, web ACL only, second keys, by pipeline': PROTECTED + PROVIDER_ELSEWHERE + ROTATING + BY_PIPELINE,
  'dev, oidc, existing, cloudfront': SOMEBODY_ELSES_CLUSTER + PROVIDER_ELSEWHERE,
};

type Made = ReturnType<typeof built> & { readonly privileges: readonly Privilege[] };

const made = new Map<string, Made>();

beforeAll(() => {
  for (const [name, replaced] of Object.entries(COMBINATIONS)) {
    const stacks = built(replaced);
    made.set(name, { ...stacks, privileges: privilegesOf(stacks.app) });
  }
});

/** The app with the settings of a combination, and what it allows. */
function madeWith(name: string): Made {
  const one = made.get(name);
  if (one === undefined) throw new Error(`no combination is called ${name}`);
  return one;
}

/** Every line that says who may do what, as on stage dev. */
function linesOf(name: string): readonly string[] {
  const lines = madeWith(name).privileges.map(({ of, line }) => `${of}: ${line}`);
  return [...new Set(lines.map((line) => line.replaceAll('gatehouse-prod-', 'gatehouse-dev-')))];
}

test('the difference of every combination of settings was reviewed', () => {
  expect(Object.keys(REVIEWED)).toEqual(Object.keys(COMBINATIONS));
  expect(COMBINATIONS[STANDARD]).toEqual({});
});

describe.each(Object.keys(COMBINATIONS))('with %s', (name) => {
  test('roles and resources allow what was reviewed', () => {
    const [lines, standard] = [linesOf(name), linesOf(STANDARD)];
    const gone = standard.filter((line) => !lines.includes(line)).map((line) => `- ${line}`);
    const more = lines.filter((line) => !standard.includes(line)).map((line) => `+ ${line}`);
    const reviewed = (REVIEWED[name] ?? '').split('\n').filter((line) => line !== '');
    expect([...gone, ...more].sort()).toEqual(reviewed.sort());
  });

  test('no action has a wildcard, nobody unnamed is allowed anything, and every wide resource is explained', () => {
    const { app, privileges, settings } = madeWith(name);
    const allowed = privileges.filter(({ statement }) => statement.Effect === 'Allow');
    expect(
      allowed.flatMap(({ statement }) => listOf(statement.Action)).filter((action) => /[*?]/.test(action)),
    ).toEqual([]);
    expect(allowed.map(({ line }) => line).filter((line) => line.startsWith('anybody'))).toEqual([]);
    const wide = allowed.flatMap(({ kind, of, statement }) =>
      listOf(statement.Resource ?? [])
        .map(readable)
        .filter((resource) => /[*?]/.test(resource))
        .map((resource) => `${kind} ${/Key\d?$/.test(of) ? 'a key' : of}: ${resource}`),
    );
    const telemetry = functionsOf(app).map((each) => `role ${each}: *`);
    expect(new Set(wide)).toEqual(
      new Set([
        // X-Ray knows no resources.
        ...telemetry,
        // Objects, whose names are not known beforehand.
        'role AuditReader: AuditCheckpoints/checkpoints/*',
        'role seal: AuditCheckpoints/checkpoints/*',
        'resource AuditAccesses: AuditAccesses/checkpoints/*',
        // Stages that there may be one day, each with a number that AWS draws.
        ...(settings.pipeline === undefined ? [] : TEMPLATES.map((template) => `role PullRequests: ${template}`)),
        // In a key's own policy "*" is the key.
        'resource a key: *',
      ]),
    );
  });

  test('a policy is part of its role: none is managed, attached from elsewhere, or given by the CDK', () => {
    const { app, settings } = madeWith(name);
    const made = resourcesOf(app);
    const kinds = made.map(([, { Type }]) => Type).filter((type) => type.startsWith('AWS::IAM::'));
    expect(new Set(kinds)).toEqual(
      new Set(['AWS::IAM::Role', ...(settings.pipeline === undefined ? [] : ['AWS::IAM::OIDCProvider'])]),
    );
    expect(made.filter(([, { Properties = {} }]) => 'ManagedPolicyArns' in Properties)).toEqual([]);
  });

  test('there is no function but ours: none that the CDK brings along, with a role that nobody wrote', () => {
    const { app, settings } = madeWith(name);
    const known = ['authorize', 'mcp', 'mcp-write', 'migrate', 'register', 'seal', 'token', 'well-known'];
    expect(functionsOf(app)).toEqual(known.filter((each) => each !== 'mcp-write' || settings.database.kind !== 'none'));
  });
});

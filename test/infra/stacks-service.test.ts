import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { configOf } from '../../functions/config.ts';
import { ofType, PRODUCTION, readable, synthesized } from './synthesized.ts';

const { service, data } = synthesized();

const FUNCTIONS = 'AWS::Lambda::Function';

type LambdaFunction = {
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  readonly Timeout: number;
  readonly ReservedConcurrentExecutions?: number;
};
const functions = new Map(
  Object.entries(ofType<LambdaFunction>(service, FUNCTIONS)).map(([id, { Properties }]) => [
    String(Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME),
    { id, ...Properties },
  ]),
);

describe('functions', () => {
  test('run on Node 24 on arm64, log JSON to a group of their own that is kept, and trace', () => {
    expect([...functions.keys()].sort()).toEqual(
      ['authorize', 'mcp', 'mcp-write', 'migrate', 'register', 'seal', 'token', 'well-known'].sort(),
    );
    service.allResourcesProperties(FUNCTIONS, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 512,
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
      VpcConfig: Match.absent(),
    });
    service.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  });

  test('have their time, and a share of the account they cannot exceed', () => {
    const table = [...functions].map(
      ([name, each]) => `${name} ${each.Timeout} s, ${each.ReservedConcurrentExecutions}`,
    );
    expect(table.sort()).toEqual([
      'authorize 10 s, 20',
      'mcp 29 s, 50',
      'mcp-write 10 s, 10',
      'migrate 300 s, 1',
      'register 10 s, 5',
      'seal 60 s, 1',
      'token 10 s, 20',
      'well-known 10 s, 20',
    ]);
  });

  test('reserve nothing in an account that has nothing to reserve', () => {
    const small = synthesized({ 'gatehouse.concurrency.reserved': false });
    small.service.allResourcesProperties(FUNCTIONS, { ReservedConcurrentExecutions: Match.absent() });
  });

  test.each([
    ['well-known', 'CLIENT_DOCUMENTS DEFAULT_SCOPES ISSUER REGISTRATION_MODE SCOPES TOKEN_KEYS'],
    [
      'register',
      'ALLOWED_ORIGINS AUDIT_TABLE DEFAULT_SCOPES ISSUER REGISTRATION_MODE REGISTRY_TABLE SCOPES VETTED_CLIENTS',
    ],
    [
      'authorize',
      'AUDIT_TABLE CLIENT_DOCUMENTS DEFAULT_SCOPES GRANTS_TABLE IDENTITY_CLIENT_ID IDENTITY_ISSUER IDENTITY_KIND IDENTITY_NAME IDENTITY_ROLES_CLAIM IDENTITY_ROLES_SEPARATOR ' +
        'IDENTITY_SECRET_ARN IDENTITY_TENANT_CLAIM IMPLIES ISSUER REGISTRY_TABLE ROLES SCOPES VETTED_CLIENTS',
    ],
    [
      'token',
      'ALLOWED_ORIGINS AUDIT_TABLE CLIENT_BURST CLIENT_DOCUMENTS CLIENT_RATE GRANTS_TABLE ISSUER REFRESH_GRACE_SECONDS REGISTRY_TABLE TOKEN_KEYS ' +
        'TOKEN_SIGNING_KEY_ARN VETTED_CLIENTS',
    ],
    [
      'mcp',
      'ALLOWED_ORIGINS AUDIT_MAC_KEY_ARN AUDIT_TABLE DATABASE DATABASE_CLUSTER_ARN DATABASE_NAME DATABASE_SECRET_ARN DEFAULT_SCOPES FENCE_LINKS IMPLIES ISSUER ' +
        'QUERY_TOOL ROLES SCOPES TOKEN_KEYS WRITE_FUNCTION',
    ],
    [
      'mcp-write',
      'AUDIT_MAC_KEY_ARN AUDIT_TABLE DATABASE_CLUSTER_ARN DATABASE_NAME DATABASE_SECRET_ARN DEFAULT_SCOPES GRANTS_TABLE ' +
        'IMPLIES ISSUER ROLES SCOPES TOKEN_KEYS',
    ],
    ['seal', 'AUDIT_BUCKET AUDIT_KEYS AUDIT_ORIGIN AUDIT_SIGNING_KEY_ARN AUDIT_TABLE'],
    [
      'migrate',
      'DATABASE DATABASE_CLUSTER_ARN DATABASE_NAME DATABASE_SECRET_ARN READER_SECRET_ARN SAMPLE_DATA WRITER_SECRET_ARN',
    ],
  ])('%s knows what it has to know, and nothing else', (name, variables) => {
    const known = Object.keys(functions.get(name)?.Environment.Variables ?? {});
    // Those that the operator can switch off count what they do; well-known, seal and migrate go on, and have neither.
    const serving = ['register', 'authorize', 'token', 'mcp', 'mcp-write'].includes(name);
    const everywhere = ['POWERTOOLS_SERVICE_NAME', ...(serving ? ['METRICS_SERVICE', 'SERVING'] : [])];
    expect(known.sort()).toEqual([...variables.split(' '), ...everywhere].sort());
  });

  test.each([
    ['well-known', 'wellKnown'],
    ['register', 'register'],
    ['authorize', 'authorize'],
    ['token', 'token'],
    ['mcp', 'mcp'],
    ['mcp', 'mcpAtDatabase'],
    ['mcp-write', 'mcpWrite'],
    ['seal', 'seal'],
    ['migrate', 'migrate'],
    ['migrate', 'migrateAtDatabase'],
  ] as const)('%s starts with what it is given', (name, config) => {
    const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
    // What is known only when the stack is deployed.
    const deployed: Readonly<Record<string, string>> = {
      ISSUER: 'https://abc.execute-api.eu-west-1.amazonaws.com',
      IDENTITY_ISSUER: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc',
      TOKEN_KEYS: JSON.stringify({ keys: [key] }),
      AUDIT_KEYS: JSON.stringify({ keys: [key] }),
      SERVING: 'on',
    };
    const variables = Object.entries(functions.get(name)?.Environment.Variables ?? {}).map(([variable, value]) => [
      variable,
      typeof value === 'string' ? value : (deployed[variable] ?? 'a name or an ARN'),
    ]);
    expect(() => configOf(config, { LAMBDA_TASK_ROOT: '/var/task', ...Object.fromEntries(variables) })).not.toThrow();
  });

  test('have each their own database user', () => {
    const secret = (name: string) => readable(functions.get(name)?.Environment.Variables.DATABASE_SECRET_ARN);
    expect([secret('mcp'), secret('mcp-write'), secret('migrate')]).toEqual([
      'DatabaseReaderSecret',
      'DatabaseWriterSecret',
      'DatabaseAdminSecret',
    ]);
  });
});

describe('at deploy', () => {
  test('CloudFormation asks migrate itself for public keys, then for the schema', () => {
    const serviceToken = { 'Fn::GetAtt': [functions.get('migrate')?.id, 'Arn'] };
    service.hasResourceProperties('Custom::PublicKeys', { ServiceToken: serviceToken, KeyArns: [Match.anyValue()] });
    service.hasResource('Custom::DatabaseSchema', {
      Properties: { ServiceToken: serviceToken, Migrations: 'the hash of the migrations', SampleData: 'true' },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('PublicKeys')]),
    });
    service.resourceCountIs(FUNCTIONS, 8);
    data.resourceCountIs(FUNCTIONS, 0);
  });

  test('the functions that run tools change only after the schema did', () => {
    for (const name of ['mcp', 'mcp-write']) {
      service.hasResource(FUNCTIONS, {
        Properties: { Environment: { Variables: { POWERTOOLS_SERVICE_NAME: name } } },
        DependsOn: Match.arrayWith([Match.stringLikeRegexp('Schema')]),
      });
    }
  });
});

test('seal runs every five minutes, invoked by a rule, without a role more', () => {
  service.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(5 minutes)',
    Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [functions.get('seal')?.id, 'Arn'] }, RoleArn: Match.absent() })],
  });
});

test('an alarm goes off when the log was not sealed for a quarter of an hour, and one when a chain is broken', () => {
  const filters = ofType<{ FilterPattern: string }>(service, 'AWS::Logs::MetricFilter');
  expect(Object.values(filters).map(({ Properties }) => Properties.FilterPattern)).toEqual(
    expect.arrayContaining(['{ $.message = "audit sealed" }', '{ $.message = "audit chain broken" }']),
  );
  service.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'dev: audit sealed',
    Period: 300,
    EvaluationPeriods: 3,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching',
  });
  service.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'dev: audit chain broken',
    EvaluationPeriods: 1,
  });
});

describe('sign-in', () => {
  test('at Cognito is a code flow with a secret that only a secret holds, and people cannot write their tenant', () => {
    service.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      GenerateSecret: true,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid', 'profile'],
      CallbackURLs: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'ApiEndpoint'] }, '/callback']] }],
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
      ReadAttributes: ['custom:tenant', 'email'],
      WriteAttributes: ['email'],
    });
    service.hasResourceProperties('AWS::SecretsManager::Secret', {
      SecretString: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SignInClient'), 'ClientSecret'] },
    });
  });

  test('elsewhere takes issuer, client and claims from the settings', () => {
    const elsewhere = synthesized({
      'gatehouse.identity': {
        kind: 'oidc',
        issuer: 'https://idp.example.com/tenant',
        clientId: 'gatehouse',
        rolesClaim: 'groups',
        tenantClaim: 'org',
      },
    });
    elsewhere.service.resourceCountIs('AWS::Cognito::UserPoolClient', 0);
    elsewhere.service.hasResourceProperties(FUNCTIONS, {
      Environment: {
        Variables: Match.objectLike({
          IDENTITY_KIND: 'oidc',
          IDENTITY_ISSUER: 'https://idp.example.com/tenant',
          IDENTITY_CLIENT_ID: 'gatehouse',
          IDENTITY_ROLES_CLAIM: 'groups',
          IDENTITY_TENANT_CLAIM: 'org',
          IDENTITY_NAME: 'idp.example.com',
        }),
      },
    });
    expect(Object.keys(elsewhere.service.findOutputs('IdentitySecretArn'))).toEqual(['IdentitySecretArn']);
  });
});

describe('the stacks', () => {
  test('tell what people and the command line need to know', () => {
    const audit = ['AuditTableName', 'AuditReaderRoleArn', 'AuditSealerRoleArn', 'AuditSealFunction'];
    const proofs = ['AuditSigningKeyArn', 'AuditBucketName'];
    const first = ['McpUrl', 'Issuer', 'NextSteps'];
    const names = [...first, ...audit, ...proofs, 'OperatorRoleArn', 'RegistryTableName', 'GrantsTableName'];
    expect(Object.keys(service.findOutputs('*'))).toEqual([
      ...names,
      'AlarmTopicArn',
      'DatabaseCheckerRoleArn',
      'MigrateFunctionName',
      'UserPoolId',
    ]);
    expect(readable(service.findOutputs('McpUrl').McpUrl?.Value)).toBe('FrontDoorApi/mcp');
  });

  test('are of no account and no region, so they are made offline and deploy anywhere', () => {
    const prod = synthesized(PRODUCTION);
    for (const stack of [service, data, prod.service, prod.data]) {
      expect(JSON.stringify(stack.toJSON()).match(/us-east-1|arn:aws:|\b\d{12}\b/g)).toBeNull();
    }
  });
});

import { describe, expect, test } from 'vitest';
import { listOf, ofType, type Resource, readable, synthesized } from './synthesized.ts';

/**
 * What every role may do, reviewed: a permission that is added, widened or lost is a line of difference here. The
 * logging and tracing that all functions share is looked at once, below.
 */
const REVIEWED = `
well-known
register
  dynamodb:PutItem on Registry for CLIENT#*
  dynamodb:PartiQLInsert on AuditTable for D#*, S#*
authorize
  dynamodb:GetItem on Registry for CLIENT#*, RULE#*, CIMD#*
  dynamodb:PutItem on Registry for CIMD#*
  dynamodb:GetItem on Grants for TXN#*
  dynamodb:UpdateItem on Grants for TXN#*
  dynamodb:PutItem on Grants for TXN#*, GRANT#*
  secretsmanager:GetSecretValue on SignInSecret
  dynamodb:PartiQLInsert on AuditTable for D#*, S#*
token
  dynamodb:BatchGetItem on Grants for CLIENT#*, RULE#*, CIMD#*, GRANT#*
  dynamodb:BatchGetItem on Registry for CLIENT#*, RULE#*, CIMD#*, GRANT#*
  dynamodb:UpdateItem on Registry for CLIENT#*
  dynamodb:UpdateItem on Grants for GRANT#*, BUCKET#*
  dynamodb:PutItem on Grants for JTI#*
  kms:Sign on TokenKey with ECDSA_SHA_256
  dynamodb:PartiQLInsert on AuditTable for D#*, S#*
mcp
  rds-data:BeginTransaction on DatabaseCluster
  rds-data:ExecuteStatement on DatabaseCluster
  rds-data:RollbackTransaction on DatabaseCluster
  secretsmanager:GetSecretValue on DatabaseReaderSecret
  dynamodb:PartiQLInsert on AuditTable for D#*, S#*
  kms:GenerateMac on AuditMacKey
  lambda:InvokeFunction on ToolsMcpWriteFunction
mcp-write
  rds-data:BeginTransaction on DatabaseCluster
  rds-data:CommitTransaction on DatabaseCluster
  rds-data:ExecuteStatement on DatabaseCluster
  rds-data:RollbackTransaction on DatabaseCluster
  secretsmanager:GetSecretValue on DatabaseWriterSecret
  dynamodb:PartiQLInsert on AuditTable for D#*, S#*
  kms:GenerateMac on AuditMacKey
  dynamodb:GetItem on Grants for APPROVAL#*
  dynamodb:PutItem on Grants for APPROVAL#*
  dynamodb:UpdateItem on Grants for APPROVAL#*
seal
  dynamodb:Query on AuditTable for D#*, S#*, C#*
  dynamodb:PartiQLInsert on AuditTable for C#*
  kms:Sign on AuditSigningKey with ECDSA_SHA_256
  s3:PutObject on AuditCheckpoints/checkpoints/*
migrate
  rds-data:BeginTransaction on DatabaseCluster
  rds-data:CommitTransaction on DatabaseCluster
  rds-data:ExecuteStatement on DatabaseCluster
  rds-data:RollbackTransaction on DatabaseCluster
  secretsmanager:GetSecretValue on DatabaseAdminSecret
  secretsmanager:GetSecretValue on DatabaseReaderSecret
  secretsmanager:GetSecretValue on DatabaseWriterSecret
  kms:GetPublicKey on AuditSigningKey
  kms:GetPublicKey on TokenKey
AuditReader
  dynamodb:BatchGetItem on AuditTable
  dynamodb:DescribeTable on AuditTable
  dynamodb:GetItem on AuditTable
  dynamodb:Query on AuditTable
  dynamodb:Query on AuditTable/index/by-subject
  kms:GetPublicKey on AuditSigningKey
  s3:GetObject on AuditCheckpoints/checkpoints/*
  s3:ListBucket on AuditCheckpoints
AuditSealer
  lambda:InvokeFunction on SealingSealFunction
DatabaseChecker
  lambda:InvokeFunction on AtDeployMigrateFunction
Operator
  dynamodb:DeleteItem on Registry for CLIENT#*, RULE#*, TOKEN#*
  dynamodb:GetItem on Registry for CLIENT#*, RULE#*, TOKEN#*
  dynamodb:PutItem on Registry for CLIENT#*, RULE#*, TOKEN#*
  dynamodb:UpdateItem on Registry for CLIENT#*, RULE#*, TOKEN#*
  dynamodb:UpdateItem on Registry for CIMD#*
  dynamodb:Scan on Grants
  dynamodb:Scan on Registry
  dynamodb:UpdateItem on Grants for GRANT#*
  dynamodb:PartiQLInsert on AuditTable for D#*, S#cli.*`;

type Statement = {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
};

type Role = Resource<{
  readonly AssumeRolePolicyDocument: {
    readonly Statement: readonly { readonly Principal: { readonly AWS?: unknown } }[];
  };
  readonly Policies: readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  readonly ManagedPolicyArns?: unknown;
}>;
type LambdaFunction = {
  readonly Role: { readonly 'Fn::GetAtt': readonly [string, string] };
  readonly LoggingConfig: { readonly LogGroup: unknown };
};

const { data, service } = synthesized();
const isFunctionRole = (role: Role) =>
  !('AWS' in (role.Properties.AssumeRolePolicyDocument.Statement[0]?.Principal ?? {}));
const serviceRoles: Readonly<Record<string, Role>> = ofType(service, 'AWS::IAM::Role');
const functionRoles = Object.fromEntries(Object.entries(serviceRoles).filter(([, role]) => isFunctionRole(role)));
const peoplesRoles: Readonly<Record<string, Role>> = {
  ...ofType<Role['Properties']>(data, 'AWS::IAM::Role'),
  ...Object.fromEntries(Object.entries(serviceRoles).filter(([, role]) => !isFunctionRole(role))),
};
const functions = ofType<LambdaFunction>(service, 'AWS::Lambda::Function');
const roles = Object.values({ ...peoplesRoles, ...functionRoles });

function nameOf(role: Role): string {
  return role.Properties.Policies.map(({ PolicyName }) => PolicyName).join(' and ');
}

function statementsOf(role: Role): readonly Statement[] {
  return role.Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function isOwnTelemetry({ Action }: Statement): boolean {
  return listOf(Action).every((action) => /^(logs|xray):/.test(action));
}

function lines(statement: Statement): string[] {
  const { Effect, Action, Resource, Condition, ...unread } = statement;
  expect({ Effect, unread }).toEqual({ Effect: 'Allow', unread: {} });
  return listOf(Action).flatMap((action) =>
    listOf(Resource).map((resource) => `  ${action} on ${readable(resource)}${narrowing(Condition)}`),
  );
}

function narrowing(condition: Statement['Condition']): string {
  const known = { 'ForAllValues:StringLike dynamodb:LeadingKeys': 'for', 'StringEquals kms:SigningAlgorithm': 'with' };
  return Object.entries(condition ?? {})
    .flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ key: `${operator} ${key}`, values })))
    .map(({ key, values }) => {
      expect(Object.keys(known)).toContain(key);
      return ` ${known[key as keyof typeof known]} ${listOf(values).join(', ')}`;
    })
    .join('');
}

describe('least privilege', () => {
  test('every role may do what was reviewed, and nothing else', () => {
    const order = REVIEWED.split('\n').filter((line) => /^\S/.test(line));
    const sorted = [...roles].sort((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)));
    const written = sorted.map((role) => {
      const own = statementsOf(role).filter((statement) => !isOwnTelemetry(statement));
      return ['', nameOf(role), ...own.flatMap(lines)].join('\n').trimEnd();
    });
    expect(written.join('')).toBe(REVIEWED);
  });

  test('a function may write its own log and its traces, and no other log', () => {
    for (const [id, { Properties }] of Object.entries(functions)) {
      const role = functionRoles[Properties.Role['Fn::GetAtt'][0]];
      const telemetry = role && statementsOf(role).filter(isOwnTelemetry).flatMap(lines);
      expect(telemetry, id).toEqual([
        `  logs:CreateLogStream on ${readable(Properties.LoggingConfig.LogGroup)}`,
        `  logs:PutLogEvents on ${readable(Properties.LoggingConfig.LogGroup)}`,
        '  xray:PutTelemetryRecords on *',
        '  xray:PutTraceSegments on *',
      ]);
    }
  });

  test('no action has a wildcard, and no resource but X-Ray, which knows none, and the objects of a bucket', () => {
    const statements = roles.flatMap(statementsOf);
    expect(statements.flatMap(({ Action }) => listOf(Action)).filter((action) => /[*?]/.test(action))).toEqual([]);
    const wide = statements.filter(({ Resource }) => listOf(Resource).some((each) => /[*?]/.test(readable(each))));
    expect(
      wide
        .filter((statement) => !isOwnTelemetry(statement))
        .flatMap(lines)
        .sort(),
    ).toEqual(['  s3:GetObject on AuditCheckpoints/checkpoints/*', '  s3:PutObject on AuditCheckpoints/checkpoints/*']);
  });

  test('a policy is part of its role: none is managed, attached from elsewhere, or given by the CDK', () => {
    for (const template of [data, service]) {
      template.resourceCountIs('AWS::IAM::Policy', 0);
      template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
    }
    expect(roles.flatMap(({ Properties }) => Properties.ManagedPolicyArns ?? [])).toEqual([]);
  });

  test('each function has a role of its own that only Lambda can assume', () => {
    const used = Object.values(functions).map(({ Properties }) => readable(Properties.Role));
    expect(new Set(used).size).toBe(8);
    for (const { Properties } of Object.values(functionRoles)) {
      expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
    }
  });

  test('where clients register by invitation, that function may also read invitations and take their uses, and nothing else more', () => {
    const invited = synthesized({ 'gatehouse.registration.dcr': 'token' }).service;
    const found = Object.values<Role>(ofType(invited, 'AWS::IAM::Role')).find((role) => nameOf(role) === 'register');
    const own = found && statementsOf(found).filter((statement) => !isOwnTelemetry(statement));
    expect(own?.flatMap(lines)).toEqual([
      '  dynamodb:PutItem on Registry for CLIENT#*',
      '  dynamodb:GetItem on Registry for TOKEN#*',
      '  dynamodb:UpdateItem on Registry for TOKEN#*',
      '  dynamodb:PartiQLInsert on AuditTable for D#*, S#*',
    ]);
  });

  test('the roles that people assume can be assumed by this account only', () => {
    const trusted = Object.values(peoplesRoles).flatMap((role) => role.Properties.AssumeRolePolicyDocument.Statement);
    expect(trusted.map(({ Principal }) => readable(Principal.AWS))).toEqual(['root', 'root', 'root', 'root']);
  });
});

import { describe, expect, test } from 'vitest';
import { isOwnTelemetry, type Privilege, privilegesOf, resourcesOf, table } from './least-privilege.ts';
import { built, readable } from './synthesized.ts';

/**
 * What every role may do, reviewed: a permission that is added, widened or lost is a line of difference here. The
 * logging and tracing that all functions share is looked at once, below. Other settings: least-privilege-settings.test.ts.
 * Policies of resources: least-privilege-resources.test.ts.
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
  dynamodb:PartiQLInsert on AuditTable for D#*, S#cli.*
FlowLog
  logs:CreateLogStream on DatabaseFlowsLog
  logs:DescribeLogStreams on DatabaseFlowsLog
  logs:PutLogEvents on DatabaseFlowsLog`;

type LambdaFunction = {
  readonly Role: unknown;
  readonly LoggingConfig: { readonly LogGroup: unknown };
};

const { app } = built();
const privileges = privilegesOf(app);
const resources = resourcesOf(app);
const functions = resources.filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
const roles = resources.filter(([, { Type }]) => Type === 'AWS::IAM::Role');

/** Each role of an app, by the name of its policy, and what may assume it. */
function trusted(all: readonly Privilege[]): Readonly<Record<string, readonly string[]>> {
  const groups = Map.groupBy(
    all.filter(({ kind }) => kind === 'trust'),
    ({ line }) => line,
  );
  return Object.fromEntries([...groups].map(([line, each]) => [line, each.map(({ of }) => of).sort()]));
}

describe('least privilege', () => {
  test('every role may do what was reviewed, and nothing else', () => {
    const own = privileges.filter(({ kind, statement }) => kind === 'role' && !isOwnTelemetry(statement));
    const sections = REVIEWED.split(/\n(?=\S)/).slice(1);
    // A role that may do nothing but log is in the table too.
    const names = privileges.filter(({ kind }) => kind === 'trust').map(({ of }) => of);
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...new Set(names)].sort());
    const written = sections.map((section) => {
      const [name = ''] = section.split('\n');
      return table(own.filter(({ of }) => of === name)).slice(1) || name;
    });
    expect(written.join('\n')).toBe(sections.join('\n'));
    expect(names.length).toBe(roles.length);
  });

  test('a function may write its own log and its traces, and no other log', () => {
    expect(functions.length).toBe(8);
    for (const [id, { Properties }] of functions) {
      const { Role, LoggingConfig } = Properties as LambdaFunction;
      const [, role] = roles.find(([name]) => name === readable(Role)) ?? [];
      const [{ PolicyName = '' } = {}] = (role?.Properties?.Policies ?? []) as { readonly PolicyName: string }[];
      const telemetry = privileges.filter(
        ({ of, kind, statement }) => of === PolicyName && kind === 'role' && isOwnTelemetry(statement),
      );
      expect(
        telemetry.map(({ line }) => line),
        id,
      ).toEqual([
        `logs:CreateLogStream on ${readable(LoggingConfig.LogGroup)}`,
        `logs:PutLogEvents on ${readable(LoggingConfig.LogGroup)}`,
        'xray:PutTelemetryRecords on *',
        'xray:PutTraceSegments on *',
      ]);
    }
  });

  test('each function has a role of its own, and each role is assumed by what it was made for', () => {
    const used = functions.map(([, { Properties }]) => readable(Properties?.Role));
    expect(new Set(used).size).toBe(functions.length);
    expect(trusted(privileges)).toEqual({
      'lambda.amazonaws.com sts:AssumeRole': [
        'authorize',
        'mcp',
        'mcp-write',
        'migrate',
        'register',
        'seal',
        'token',
        'well-known',
      ],
      // This account, and of it whoever is allowed to.
      'root sts:AssumeRole': ['AuditReader', 'AuditSealer', 'DatabaseChecker', 'Operator'],
      'vpc-flow-logs.amazonaws.com sts:AssumeRole if StringEquals aws:SourceAccount AccountId': ['FlowLog'],
    });
  });
});

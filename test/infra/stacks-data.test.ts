import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { listOf, ofType, PRODUCTION, synthesized } from './synthesized.ts';

const dev = synthesized();
const prod = synthesized(PRODUCTION);

const TABLES = 'AWS::DynamoDB::GlobalTable';
const KEYS = 'AWS::KMS::Key';
const SECRETS = 'AWS::SecretsManager::Secret';

type Statement = {
  readonly Action: string | readonly string[];
  readonly Condition?: Record<string, Record<string, unknown>>;
};
type Table = {
  readonly Replicas: readonly { readonly ResourcePolicy?: { PolicyDocument: { Statement: Statement[] } } }[];
};

/** The denials of the audit table's own policy. */
function denials(stage: ReturnType<typeof synthesized>) {
  const [statement, ...others] = Object.values(ofType<Table>(stage.data, TABLES)).flatMap(({ Properties }) =>
    Properties.Replicas.flatMap(({ ResourcePolicy }) => ResourcePolicy?.PolicyDocument.Statement ?? []),
  );
  expect(others).toEqual([]);
  return statement;
}

describe('what must never be replaced', () => {
  // Another logical id is another resource: CloudFormation would make an empty one and leave the data behind.
  test('keeps its logical id', () => {
    const stateful = [TABLES, KEYS, SECRETS, 'AWS::RDS::DBCluster', 'AWS::Cognito::UserPool', 'AWS::S3::Bucket'];
    expect(stateful.flatMap((type) => Object.keys(ofType(prod.data, type)))).toEqual([
      'Registry4DB9CCA5',
      'Grants5D26E11C',
      'AuditTable18A3095C',
      'AuditMacKey6C30E4A5',
      'AuditSigningKey58F79527',
      'TokenKeyD1D1A236',
      'DatabaseAdminSecret9BA08F45',
      'DatabaseReaderSecretE0C0B0A4',
      'DatabaseWriterSecretC8C5DB50',
      'DatabaseCluster5B53A178',
      'PeopleUserPool5E462257',
      'AuditCheckpoints71B9CCD4',
    ]);
  });

  test('has no name of ours, so that it can be replaced on purpose', () => {
    const names = ['TableName', 'BucketName', 'DBClusterIdentifier', 'UserPoolName', 'Name', 'AliasName'];
    const properties = [TABLES, KEYS, SECRETS, 'AWS::RDS::DBCluster', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool']
      .flatMap((type) => Object.values(ofType<Record<string, unknown>>(prod.data, type)))
      .flatMap(({ Properties }) => Object.keys(Properties));
    expect(properties.filter((property) => names.includes(property))).toEqual([]);
  });

  test('stays when its stack goes, and the stack cannot go by accident', () => {
    const policies = [TABLES, KEYS, SECRETS, 'AWS::RDS::DBCluster', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool']
      .flatMap((type) => Object.values(ofType(prod.data, type)))
      .map(({ DeletionPolicy }) => DeletionPolicy);
    expect(new Set(policies)).toEqual(new Set(['Retain']));
    expect(prod.stacks.data.terminationProtection).toBe(true);
    prod.data.allResourcesProperties('AWS::RDS::DBCluster', { DeletionProtection: true, BackupRetentionPeriod: 35 });
    prod.data.allResourcesProperties('AWS::Cognito::UserPool', { DeletionProtection: 'ACTIVE' });
    prod.data.allResourcesProperties(TABLES, { Replicas: [Match.objectLike({ DeletionProtectionEnabled: true })] });
  });

  test('goes with its stack on stage dev, but for the locked checkpoints', () => {
    const policies = [TABLES, KEYS, SECRETS, 'AWS::RDS::DBCluster', 'AWS::Cognito::UserPool']
      .flatMap((type) => Object.values(ofType(dev.data, type)))
      .map(({ DeletionPolicy }) => DeletionPolicy);
    expect(new Set(policies)).toEqual(new Set(['Delete']));
    expect(dev.stacks.data.terminationProtection).toBe(false);
    expect(Object.values(ofType(dev.data, 'AWS::S3::Bucket')).map(({ DeletionPolicy }) => DeletionPolicy)).toEqual([
      'Retain',
    ]);
    expect(listOf(denials(dev)?.Action ?? [])).not.toContain('dynamodb:DeleteTable');
  });
});

describe('tables', () => {
  test('are encrypted in KMS, recoverable to any second, on demand with a ceiling', () => {
    dev.data.allResourcesProperties(TABLES, {
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 500 },
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          ReadOnDemandThroughputSettings: { MaxReadRequestUnits: 1000 },
        }),
      ],
    });
  });

  test('of clients and grants are keyed by pk and forget by ttl', () => {
    dev.data.resourcePropertiesCountIs(
      TABLES,
      {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
      2,
    );
  });

  test('of the audit log never forgets, and is found by subject at a cost that does not grow', () => {
    dev.data.hasResourceProperties(TABLES, {
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: Match.absent(),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-subject',
          KeySchema: [
            { AttributeName: 'u', KeyType: 'HASH' },
            { AttributeName: 't', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
          WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 500 },
        },
      ],
    });
  });

  test('of the audit log refuses everybody every way to change or remove a row', () => {
    expect(denials(prod)).toEqual({
      Sid: 'InsertOnly',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Resource: '*',
      Action: [
        'dynamodb:BatchWriteItem',
        'dynamodb:DeleteItem',
        'dynamodb:DeleteTable',
        'dynamodb:PartiQLDelete',
        'dynamodb:PartiQLUpdate',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:UpdateTimeToLive',
      ],
    });
  });

  test('of the audit log lets one named role break the glass', () => {
    const role = 'arn:aws:iam::111122223333:role/break-glass';
    const stage = synthesized({ ...PRODUCTION, 'gatehouse.audit.breakGlassRoleArn': role });
    expect(denials(stage)?.Condition).toEqual({ ArnNotEquals: { 'aws:PrincipalArn': role } });
  });
});

describe('the copy of the checkpoints', () => {
  test('is locked for as long as the settings say, versioned, private, and reached over TLS only', () => {
    prod.data.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } } },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    prod.data.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
  });
});

test('every resource that can be tagged says which project, stage and version it is of', () => {
  const tags = ['project', 'stage', 'version'].map((Key) => Match.objectLike({ Key }));
  dev.data.allResourcesProperties(KEYS, { Tags: tags });
  dev.service.allResourcesProperties('AWS::Lambda::Function', { Tags: tags });
  dev.service.allResourcesProperties('AWS::ApiGatewayV2::Api', {
    Tags: { project: 'gatehouse', stage: 'dev', version: '1.2.3' },
  });
});

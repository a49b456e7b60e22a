import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ofType, PRODUCTION, synthesized } from './synthesized.ts';

const dev = synthesized();
const prod = synthesized(PRODUCTION);

const TABLES = 'AWS::DynamoDB::GlobalTable';
const KEYS = 'AWS::KMS::Key';

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
  test('has a log of who asked for it, kept as long as other logs, in a bucket as closed as its own', () => {
    const logs = Object.entries(ofType(prod.data, 'AWS::S3::Bucket')).find(([id]) => id.startsWith('AuditAccesses'));
    prod.data.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      LoggingConfiguration: { DestinationBucketName: { Ref: logs?.[0] }, LogFilePrefix: 'checkpoints/' },
    });
    expect(logs?.[1].Properties).toMatchObject({
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 365, Status: 'Enabled' }] },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    prod.data.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

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

import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { listOf, ofType, PRODUCTION, readable, synthesized } from '../infra/synthesized.ts';

/** Keys and tables as the template describes them: who holds what, and what is left when something goes wrong. */
const { data, service } = synthesized(PRODUCTION);

type Key = {
  readonly KeySpec: string;
  readonly KeyUsage: string;
  readonly Origin?: string;
  readonly MultiRegion?: boolean;
  readonly KeyPolicy: {
    readonly Statement: readonly {
      readonly Sid: string;
      readonly Effect: string;
      readonly Principal: { readonly AWS: unknown };
      readonly Action: string | readonly string[];
      readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    }[];
  };
};

describe('X7 the token key', () => {
  const keys = Object.entries(ofType<Key>(data, 'AWS::KMS::Key'));
  const [, key] = keys.find(([id]) => id.startsWith('TokenKey')) ?? [];

  test('X7 signs and verifies on P-256, is made in KMS, and stays in one region', () => {
    expect(key?.Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    expect([key?.Properties.Origin, key?.Properties.MultiRegion]).toEqual([undefined, undefined]);
  });

  test('X7 is used by one role, and nobody may have it in any other way', () => {
    const [administration, use, ...others] = key?.Properties.KeyPolicy.Statement ?? [];
    expect(others).toEqual([]);
    expect(use?.Action).toBe('kms:Sign');
    expect(listOf(use?.Condition?.ArnEquals?.['aws:PrincipalArn']).map(readable)).toEqual([
      'role/gatehouse-prod-token-Region',
    ]);
    const given = listOf(administration?.Action ?? []);
    const custody = /[*]|Sign|Import|GetParametersFor|CreateGrant|Decrypt|GenerateDataKey|DeriveSharedSecret|Replicate/;
    expect(given.filter((action) => custody.test(action))).toEqual([]);
    expect(given).toContain('kms:GetPublicKey');
  });

  test('X7 there are three keys in all', () => {
    expect(keys.map(([id]) => id.slice(0, -8)).sort()).toEqual(['AuditMacKey', 'AuditSigningKey', 'TokenKey']);
  });
});

describe('X8 the tables of clients and grants', () => {
  const table = (more: object) => ({ KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], ...more });
  const TABLES = 'AWS::DynamoDB::GlobalTable';

  test('X8 forget by ttl', () => {
    const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
    data.resourcePropertiesCountIs(TABLES, table({ TimeToLiveSpecification }), 2);
  });

  test('X8 are encrypted with the KMS key of the account', () => {
    data.allResourcesProperties(TABLES, { SSESpecification: { SSEEnabled: true, SSEType: 'KMS' } });
  });

  test('X8 can be restored to any second, and are not deleted by accident', () => {
    data.allResourcesProperties(TABLES, {
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: Match.objectLike({ PointInTimeRecoveryEnabled: true }),
          DeletionProtectionEnabled: true,
        }),
      ],
    });
  });
});

test('X3 the only door is an HTTP API, which listens on HTTPS and nothing else', () => {
  service.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  service.allResourcesProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' });
  for (const template of [data, service]) {
    const types = Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(
      ({ Type }) => Type,
    );
    const doors = /^AWS::(?:ElasticLoadBalancing|ApiGateway::|Lambda::Url|EC2::Instance|AppRunner|ECS)/;
    expect(types.filter((type) => doors.test(type))).toEqual([]);
  }
});

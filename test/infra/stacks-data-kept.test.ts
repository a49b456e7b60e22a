import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMBINATIONS } from './combinations.ts';
import { built, ofType, PRODUCTION, type Resource } from './synthesized.ts';

/** What cannot be made again: whatever holds rows, keys, secrets, people or objects. */
const STATEFUL = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolGroup',
  'AWS::S3::Bucket',
];
/** Types that can be made again from the template alone. One that is in neither list is a decision to be made here. */
const STATELESS = [
  'AWS::CDK::Metadata',
  'AWS::Cognito::UserPoolDomain',
  'AWS::EC2::FlowLog',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::IAM::Role',
  'AWS::Logs::LogGroup',
  'AWS::RDS::DBClusterParameterGroup',
  'AWS::RDS::DBSubnetGroup',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::SecretTargetAttachment',
];

// Another logical id is another resource: CloudFormation would make an empty one and leave the data behind.
const ALWAYS = [
  'Registry4DB9CCA5',
  'Grants5D26E11C',
  'AuditTable18A3095C',
  'AuditMacKey6C30E4A5',
  'AuditSigningKey58F79527',
  'TokenKeyD1D1A236',
  'AuditCheckpoints71B9CCD4',
  'AuditAccessesE0DAE243',
];
const LOGINS = ['DatabaseReaderSecretE0C0B0A4', 'DatabaseWriterSecretC8C5DB50'];
const AURORA = [...LOGINS, 'DatabaseAdminSecret9BA08F45', 'DatabaseCluster5B53A178', 'DatabaseClusterWriterD43085C6'];
const PEOPLE = ['PeopleUserPool5E462257', 'PeopleRolereaderF7E4B05B', 'PeopleRoleeditorB62373C2'];

const PINNED: Readonly<Record<string, readonly string[]>> = {
  'dev, cognito, aurora, no edge': [...ALWAYS, ...AURORA, ...PEOPLE],
  'prod, cognito, aurora, cloudfront, alarms by e-mail': [...ALWAYS, ...AURORA, ...PEOPLE],
  'prod, cognito with threat protection, no database, invitations, no alarms': [...ALWAYS, ...PEOPLE],
  'prod, workos, existing, no edge': [...ALWAYS, ...LOGINS, 'IdentitySecret', 'WorkosApiKey'],
  'dev, workos, no database, cloudfront': [...ALWAYS, 'IdentitySecret', 'WorkosApiKey'],
  'prod, oidc, aurora, web ACL only, second keys, by pipeline': [
    ...[...ALWAYS, ...AURORA, 'IdentitySecret'],
    ...['AuditSigningKey226387D1B', 'TokenKey274E414B7'],
  ],
  'dev, oidc, existing, cloudfront': [...ALWAYS, ...LOGINS, 'IdentitySecret'],
};

type Made = ReturnType<typeof built> & { readonly data: Template };
const made = new Map<string, Made>();

beforeAll(() => {
  for (const [name, replaced] of Object.entries(COMBINATIONS)) {
    const stacks = built(replaced);
    made.set(name, { ...stacks, data: Template.fromStack(stacks.stacks.data) });
  }
});

function madeWith(name: string): Made {
  const one = made.get(name);
  if (one === undefined) throw new Error(`no combination is called ${name}`);
  return one;
}

function statefulOf(template: Template): readonly (readonly [string, Resource<Record<string, unknown>>])[] {
  return STATEFUL.flatMap((type) => Object.entries(ofType<Record<string, unknown>>(template, type)));
}

test('the logical ids were pinned for every combination of settings', () => {
  expect(Object.keys(PINNED)).toEqual(Object.keys(COMBINATIONS));
});

describe.each(Object.keys(COMBINATIONS))('what cannot be made again, with %s', (name) => {
  test('keeps its logical id', () => {
    const ids = statefulOf(madeWith(name).data).map(([id]) => id);
    expect([...ids].sort()).toEqual([...(PINNED[name] ?? [])].sort());
  });

  test('has no name of ours, so that it can be replaced on purpose', () => {
    const names = ['TableName', 'BucketName', 'DBClusterIdentifier', 'DBInstanceIdentifier', 'UserPoolName', 'Name'];
    const written = statefulOf(madeWith(name).data).flatMap(([, { Properties }]) =>
      Object.entries(Properties).filter(([property, value]) => names.includes(property) && typeof value === 'string'),
    );
    expect(written).toEqual([]);
  });

  test('is all of the data stack that there is to keep', () => {
    const types = Object.values(madeWith(name).data.toJSON().Resources as Record<string, { readonly Type: string }>);
    expect(types.map(({ Type }) => Type).filter((type) => ![...STATEFUL, ...STATELESS].includes(type))).toEqual([]);
  });

  test('stays when its stack goes or replaces it, but on stage dev, where buckets alone stay', () => {
    const { data, settings, stacks } = madeWith(name);
    const dev = settings.stage === 'dev';
    for (const [id, resource] of statefulOf(data)) {
      const policy = !dev || /^Audit(?:Checkpoints|Accesses)/.test(id) ? 'Retain' : 'Delete';
      expect({ id, deleted: resource.DeletionPolicy, replaced: resource.UpdateReplacePolicy }).toEqual({
        id,
        deleted: policy,
        replaced: policy,
      });
    }
    expect(stacks.data.terminationProtection).toBe(!dev);
  });

  test('is protected from being deleted by a call, but on stage dev', () => {
    const { data, settings } = madeWith(name);
    const kept = settings.stage !== 'dev';
    data.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: kept,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
    for (const { Properties } of Object.values(ofType(data, 'AWS::RDS::DBCluster'))) {
      expect(Properties).toMatchObject({ DeletionProtection: kept, BackupRetentionPeriod: kept ? 35 : 1 });
    }
    for (const { Properties } of Object.values(ofType(data, 'AWS::Cognito::UserPool'))) {
      expect(Properties).toMatchObject({ DeletionProtection: kept ? 'ACTIVE' : 'INACTIVE' });
    }
    data.allResourcesProperties('AWS::KMS::Key', { PendingWindowInDays: kept ? Match.absent() : 7 });
    const [policy] = Object.values(ofType<{ readonly Replicas: unknown }>(data, 'AWS::DynamoDB::GlobalTable'))
      .map(({ Properties }) => JSON.stringify(Properties.Replicas))
      .filter((replicas) => replicas.includes('InsertOnly'));
    expect(policy?.includes('"dynamodb:DeleteTable"')).toBe(kept);
  });
});

describe('a stage that keeps its data', () => {
  test('keeps everything a cluster that stays stands on, and the policies of its buckets', () => {
    const { data } = madeWith('prod, cognito, aurora, cloudfront, alarms by e-mail');
    const resources = Object.entries(data.toJSON().Resources as Record<string, Resource<unknown>>);
    const going = resources.filter(([, { DeletionPolicy }]) => DeletionPolicy !== 'Retain').map(([id]) => id);
    // Roles of people and the sign-in page: made again with the stack.
    expect(going).toEqual(['AuditReader39AB0E52', 'OperatorRoleE90607EC', 'PeopleDomain1F94106D']);
  });

  test('keeps its logs when the service goes; stage dev keeps none', () => {
    for (const [replaced, policy] of [
      [{}, 'Delete'],
      [PRODUCTION, 'Retain'],
    ] as const) {
      const { app } = built(replaced);
      const groups = app.node.children
        .filter((child) => Stack.isStack(child))
        .flatMap((stack) => Object.values(ofType(Template.fromStack(stack), 'AWS::Logs::LogGroup')));
      expect(groups.length).toBe(10);
      expect(new Set(groups.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(new Set([policy]));
    }
  });
});

test('a role put before others changes no group of theirs', () => {
  const groups = (roles: readonly string[]) => {
    const { stacks } = built({ 'gatehouse.roles': Object.fromEntries(roles.map((role) => [role, ['orders:read']])) });
    const all = ofType<{ readonly GroupName: string }>(Template.fromStack(stacks.data), 'AWS::Cognito::UserPoolGroup');
    return Object.fromEntries(Object.entries(all).map(([id, { Properties }]) => [id, Properties.GroupName]));
  };
  const before = groups(['reader', 'a/b']);
  expect(Object.values(before)).toEqual(['reader', 'a/b']);
  expect(groups(['admin', 'a/b', 'reader'])).toMatchObject(before);
});

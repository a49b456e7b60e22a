import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONSEQUENCES } from '../../infra/cli/changes/losses.ts';
import { nameOf } from '../../infra/cli/changes/readable.ts';
import { deployedStage, type Resource, type Resources, rules, TABLE, theOnly } from './changes.ts';
import { EDGE } from './edge.ts';
import { PRODUCTION, synthesized } from './synthesized.ts';

let stage: Awaited<ReturnType<typeof deployedStage>>;
beforeAll(async () => {
  stage = await deployedStage();
});
afterAll(() => stage.remove());

describe('a change that loses data', () => {
  test('is stopped where another key schema makes another table', async () => {
    const to = await stage.changed('data', (resources) => {
      theOnly(resources, TABLE, 'Grants').Properties.KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' }];
    });
    const { code, out } = await stage.compare(to);
    expect(out).toContain(
      'Deploy stopped: this change would replace the table Grants (everybody would have to sign in again) because of KeySchema. See infra/README.md#replacing-data.',
    );
    expect(code).toBe(1);
  });

  test('is stopped where a logical id changes, which is another resource', async () => {
    const to = await stage.changed('data', (resources) => {
      const [id] = Object.keys(resources).filter((name) => name.startsWith('TokenKey'));
      const key = id === undefined ? undefined : resources[id];
      if (id === undefined || key === undefined) throw new Error('no key');
      delete resources[id];
      resources.NewTokenKey00000000 = key;
    });
    const { code, out } = stage.look(to);
    expect(out).toContain('would remove the key TokenKey from the stack (every access token would be refused');
    expect(code).toBe(1);
  });

  test('is stopped where one setting takes the database away', async () => {
    const to = await stage.write('no-database', synthesized({ ...PRODUCTION, 'gatehouse.database': { kind: 'none' } }));
    const { code, out } = stage.look(to);
    expect(out).toContain(
      'would remove the database cluster DatabaseCluster from the stack (every row of the database would be gone)',
    );
    expect(out).not.toContain('would widen');
    expect(code).toBe(1);
  });

  test('is stopped where a property could make another cluster, and what refers to it goes with it', async () => {
    const to = await stage.changed('data', (resources) => {
      theOnly(resources, 'AWS::RDS::DBCluster', 'Database').Properties.Engine = 'aurora-mysql';
    });
    const { out } = stage.look(to);
    expect(out).toContain('could replace the database cluster DatabaseCluster (');
    expect(out).toContain('would replace the database instance DatabaseClusterWriter (');
    expect(out).toContain('because of DBClusterIdentifier');
  });

  test.each([
    ['DeletionPolicy', (table: Resource) => Object.assign(table, { DeletionPolicy: 'Delete' })],
    [
      'Replicas.0.DeletionProtectionEnabled',
      (table: Resource) => {
        const [replica] = table.Properties.Replicas as Record<string, unknown>[];
        if (replica) replica.DeletionProtectionEnabled = false;
      },
    ],
  ])('is stopped where %s no longer keeps the audit log', async (what, change) => {
    const to = await stage.changed('data', (resources) => change(theOnly(resources, TABLE, 'AuditTable')));
    const { code, out } = stage.look(to);
    expect(out).toContain(`would let the table AuditTable be deleted because of ${what} (without it the audit log`);
    expect(code).toBe(1);
  });

  test('is stopped where the API is another one, for its address is in every client', async () => {
    const to = await stage.changed('service', (resources) => {
      theOnly(resources, 'AWS::ApiGatewayV2::Api', 'FrontDoor').Properties.ProtocolType = 'WEBSOCKET';
    });
    expect(stage.look(to).out).toContain('replace the API FrontDoorApi (the address of the server would be another');
  });

  test('may go where somebody accepted it, and only that', async () => {
    const to = await stage.changed('data', (resources) => {
      theOnly(resources, TABLE, 'Grants').Properties.KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' }];
    });
    const accepted = await stage.compare(to, '--accept', 'replacement');
    expect(accepted.out).toContain('Accepted: this change would replace the table Grants');
    expect(accepted.code).toBe(0);
    expect((await stage.compare(to, '--accept', 'wider-iam')).code).toBe(1);
  });
});

describe('the rules of CloudFormation', () => {
  test('say of our stateful resources which properties make another one', () => {
    expect(rules.replaces(TABLE, 'KeySchema')).toBe('yes');
    expect(rules.replaces(TABLE, 'TimeToLiveSpecification')).toBe('no');
    expect(rules.replaces('AWS::RDS::DBCluster', 'Engine')).toBe('maybe');
    const stateful = [TABLE, 'AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::RDS::DBCluster', 'AWS::S3::Bucket'];
    stateful.push('AWS::Cognito::UserPool', 'AWS::Logs::LogGroup');
    for (const type of stateful) expect(rules.isStateful(type), type).toBe(true);
    for (const type of ['AWS::IAM::Role', 'Custom::PublicKeys']) expect(rules.isStateful(type), type).toBe(false);
  });

  test('assume the worst of a type that is newer than they are', () => {
    expect(rules.isStateful('AWS::Later::Store')).toBe(true);
    expect(rules.replaces('AWS::Later::Store', 'Anything')).toBe('maybe');
  });

  test('know every type of our stacks, or it would be among the stateful ones', () => {
    const types = [stage.stage.data, stage.stage.service].flatMap((template) =>
      Object.values((template.toJSON() as { Resources: Resources }).Resources).map(({ Type }) => Type),
    );
    expect([...new Set(types)].filter(rules.isStateful).sort()).toEqual([
      'AWS::ApiGatewayV2::Api',
      'AWS::Cognito::UserPool',
      'AWS::Cognito::UserPoolGroup',
      'AWS::DynamoDB::GlobalTable',
      'AWS::KMS::Key',
      'AWS::Logs::LogGroup',
      'AWS::RDS::DBCluster',
      'AWS::RDS::DBInstance',
      'AWS::S3::Bucket',
      'AWS::SecretsManager::Secret',
    ]);
  });

  test('have words for resources that exist', () => {
    const oidc = { issuer: 'https://idp.example.com', clientId: 'gatehouse' };
    const variants = [
      stage.stage,
      synthesized({ ...PRODUCTION, ...EDGE }),
      synthesized({ ...PRODUCTION, 'gatehouse.identity': { kind: 'workos', ...oidc } }),
    ];
    const names = variants.flatMap(({ data, service }) =>
      [data, service].flatMap((template) =>
        Object.keys((template.toJSON() as { Resources: Resources }).Resources).map(nameOf),
      ),
    );
    expect([...CONSEQUENCES.keys()].filter((name) => !names.includes(name))).toEqual([]);
  });
});

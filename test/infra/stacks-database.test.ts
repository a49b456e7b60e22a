import { describe, expect, test } from 'vitest';
import { listOf, ofType, readable, synthesized } from './synthesized.ts';

const CLUSTER = 'arn:aws:rds:eu-west-1:111122223333:cluster:shared';
const ADMIN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse/admin-AbCdEf';

type Policies = {
  readonly Policies: readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: {
      readonly Statement: readonly { readonly Action: string | string[]; readonly Resource: unknown }[];
    };
  }[];
};
type LambdaFunction = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };
type Stage = ReturnType<typeof synthesized>;

/** What the roles of the service stack may do with databases and their secrets: `mcp rds-data:BeginTransaction on …`. */
function databaseRights({ service }: Stage): string[] {
  return Object.values(ofType<Policies>(service, 'AWS::IAM::Role')).flatMap(({ Properties }) =>
    Properties.Policies.flatMap(({ PolicyName, PolicyDocument }) =>
      PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
        listOf(Action)
          .filter(
            (action) =>
              action.startsWith('rds-data:') || (action.startsWith('secretsmanager:') && PolicyName !== 'authorize'),
          )
          .flatMap((action) => listOf(Resource).map((resource) => `${PolicyName} ${action} on ${readable(resource)}`)),
      ),
    ),
  );
}

function variablesOf({ service }: Stage): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const functions = Object.values(ofType<LambdaFunction>(service, 'AWS::Lambda::Function'));
  return new Map(
    functions.map(({ Properties }) => {
      const variables = Properties.Environment.Variables;
      return [String(variables.POWERTOOLS_SERVICE_NAME), variables];
    }),
  );
}

const namesOf = (variables: Readonly<Record<string, unknown>> | undefined) =>
  Object.keys(variables ?? {}).filter((name) => /DATABASE|SECRET|WRITE_FUNCTION|SAMPLE/.test(name));

describe('an existing database', () => {
  const stage = synthesized({
    'gatehouse.database': { kind: 'existing', clusterArn: CLUSTER, name: 'desk', adminSecretArn: ADMIN },
  });

  test('is not made, and neither is a network or a master secret; reader and writer have secrets of their own', () => {
    for (const type of ['AWS::RDS::DBCluster', 'AWS::RDS::DBInstance', 'AWS::EC2::VPC', 'AWS::EC2::SecurityGroup']) {
      stage.data.resourceCountIs(type, 0);
    }
    // The same logical ids as beside a cluster of our own: changing the kind keeps the logins.
    expect(Object.keys(ofType(stage.data, 'AWS::SecretsManager::Secret'))).toEqual([
      'DatabaseReaderSecretE0C0B0A4',
      'DatabaseWriterSecretC8C5DB50',
    ]);
  });

  test('is reached by the roles that reach our own, each with its secret', () => {
    const call = (who: string, ...calls: string[]) => calls.map((name) => `${who} rds-data:${name} on ${CLUSTER}`);
    const secret = (who: string, of: string) => `${who} secretsmanager:GetSecretValue on ${of}`;
    expect(databaseRights(stage).sort()).toEqual(
      [
        ...call('migrate', 'BeginTransaction', 'CommitTransaction', 'ExecuteStatement', 'RollbackTransaction'),
        ...[ADMIN, 'DatabaseReaderSecret', 'DatabaseWriterSecret'].map((of) => secret('migrate', of)),
        ...call('mcp', 'BeginTransaction', 'ExecuteStatement', 'RollbackTransaction'),
        secret('mcp', 'DatabaseReaderSecret'),
        ...call('mcp-write', 'BeginTransaction', 'CommitTransaction', 'ExecuteStatement', 'RollbackTransaction'),
        secret('mcp-write', 'DatabaseWriterSecret'),
      ].sort(),
    );
    for (const name of ['mcp', 'mcp-write', 'migrate']) {
      expect(variablesOf(stage).get(name)).toMatchObject({ DATABASE_CLUSTER_ARN: CLUSTER, DATABASE_NAME: 'desk' });
    }
    stage.service.resourceCountIs('Custom::DatabaseSchema', 1);
  });
});

describe('no database', () => {
  const stage = synthesized({ 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false });

  test('nothing of one is made, and nobody has a right to any', () => {
    for (const type of ['AWS::RDS::DBCluster', 'AWS::EC2::VPC', 'AWS::SecretsManager::Secret']) {
      stage.data.resourceCountIs(type, 0);
    }
    expect(databaseRights(stage)).toEqual([]);
    stage.service.resourceCountIs('Custom::DatabaseSchema', 0);
  });

  test('there is no function that writes, nobody may check what is not there, and migrate publishes keys', () => {
    expect([...variablesOf(stage).keys()].sort()).toEqual(
      ['authorize', 'mcp', 'migrate', 'register', 'seal', 'token', 'well-known'].sort(),
    );
    const roles = Object.values(ofType<Policies>(stage.service, 'AWS::IAM::Role'));
    const invokers = roles
      .flatMap(({ Properties }) => Properties.Policies)
      .filter(({ PolicyDocument }) =>
        PolicyDocument.Statement.some(({ Action }) => listOf(Action).includes('lambda:InvokeFunction')),
      );
    expect(invokers.map(({ PolicyName }) => PolicyName)).toEqual(['AuditSealer']);
    stage.service.resourceCountIs('Custom::PublicKeys', 2);
    expect(Object.keys(stage.service.findOutputs('*'))).not.toContain('MigrateFunctionName');
  });

  test('functions are told that there is none, and nothing else about it', () => {
    const variables = variablesOf(stage);
    expect(['mcp', 'migrate'].map((name) => [variables.get(name)?.DATABASE, namesOf(variables.get(name))])).toEqual([
      ['off', ['DATABASE']],
      ['off', ['DATABASE']],
    ]);
  });
});

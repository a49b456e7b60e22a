import { describe, expect, test } from 'vitest';
import { Problem } from '../../infra/problem.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

/** What the settings are told with another `database`, on a stage without sample rows. */
function complaints(database: unknown, more: Readonly<Record<string, unknown>> = {}): string[] {
  try {
    settingsFrom({ ...context, 'gatehouse.sampleData': false, 'gatehouse.database': database, ...more });
  } catch (error) {
    if (error instanceof Problem) return error.message.split('\n');
    throw error;
  }
  return [];
}

const existing = (changes: object = {}) => ({
  kind: 'existing',
  clusterArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:shared',
  name: 'gatehouse',
  adminSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse/admin-AbCdEf',
  ...changes,
});
const CAPACITY = 'which is no capacity. Use 0 to 256 Aurora capacity units, in steps of 0.5.';
const A_CLUSTER =
  'which is no ARN of a database cluster. Write it like arn:aws:rds:eu-west-1:111122223333:cluster:shared.';
const A_SECRET =
  'which is no ARN of a secret, with the six characters that Secrets Manager adds. Write it like ' +
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse-admin-AbCdEf.';
const A_NAME =
  'which is no name of a database. Use 1 to 63 lower-case letters, digits and _, a letter first, as PostgreSQL stores it.';

test.each([
  ['aurora', { kind: 'aurora', minCapacity: 0, maxCapacity: 2 }],
  ['existing', existing()],
  ['existing, in China', existing({ clusterArn: 'arn:aws-cn:rds:cn-north-1:111122223333:cluster:a' })],
  ['none', { kind: 'none' }],
])('%s is a database', (_, database) => {
  expect(complaints(database)).toEqual([]);
});

describe('a wrong one names the setting, its value and what to do', () => {
  test.each<[database: object, ...told: string[]]>([
    [{ kind: 'dynamodb' }, '.kind is "dynamodb", which is no kind of database. Use one of: aurora, existing, none.'],
    [{}, '.kind is missing. Use one of: aurora, existing, none.'],
    [{ kind: 'none', minCapacity: 1 }, '.minCapacity is no setting. Settings here: kind.'],
    [
      existing({ maxCapacity: 1 }),
      '.maxCapacity is no setting. Settings here: kind, clusterArn, name, adminSecretArn.',
    ],
    [existing({ clusterArn: 'shared' }), `.clusterArn is "shared", ${A_CLUSTER}`],
    [
      existing({ clusterArn: undefined }),
      '.clusterArn is missing. Write it like arn:aws:rds:eu-west-1:111122223333:cluster:shared.',
    ],
    [
      existing({ adminSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x' }),
      `.adminSecretArn is "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x", ${A_SECRET}`,
    ],
    [existing({ name: 'Shop"; --' }), `.name is "Shop\\"; --", ${A_NAME}`],
    [{ kind: 'aurora', minCapacity: 0.3, maxCapacity: 2 }, `.minCapacity is 0.3, ${CAPACITY}`],
    [{ kind: 'aurora', minCapacity: -1, maxCapacity: 2 }, `.minCapacity is -1, ${CAPACITY}`],
    [{ kind: 'aurora', minCapacity: 0, maxCapacity: 300 }, `.maxCapacity is 300, ${CAPACITY}`],
    [
      { kind: 'aurora', minCapacity: 0, maxCapacity: 0 },
      '.maxCapacity is 0, which is too little to run. Use 1 or more.',
    ],
    [{ kind: 'aurora', minCapacity: 3, maxCapacity: 2 }, '.minCapacity is 3, more than maxCapacity, 2. Use 2 or less.'],
  ])('%j', (database, ...told) => {
    expect(complaints(database)).toEqual(told.map((complaint) => `cdk.json: gatehouse.database${complaint}`));
  });

  test('what needs a database, where there is none', () => {
    const rest = 'is true, and with gatehouse.database.kind "none" there is no database for it. Use false.';
    expect(complaints({ kind: 'none' }, { 'gatehouse.sampleData': true, 'gatehouse.tools.query': true })).toEqual([
      `cdk.json: gatehouse.sampleData ${rest}`,
      `cdk.json: gatehouse.tools.query ${rest}`,
    ]);
  });
});

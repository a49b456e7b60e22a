import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLUSTER, SECRETS, startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

const target = { resourceArn: CLUSTER, secretArn: SECRETS.admin };
const run = (sql: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
  database.client.send(new ExecuteStatementCommand({ ...target, sql, ...more }));
const field = async (sql: string, more?: Partial<ExecuteStatementCommandInput>) =>
  (await run(sql, more)).records?.[0]?.[0];
const parameter = (value: SqlParameter['value'], typeHint?: SqlParameter['typeHint']): SqlParameter[] => [
  { name: 'v', value, ...(typeHint ? { typeHint } : {}) },
];

test.each([
  ['true', { booleanValue: true }],
  ['1::int2', { longValue: 1 }],
  ['-2147483648', { longValue: -2147483648 }],
  ['9007199254740991::int8', { longValue: 9007199254740991 }],
  ['1.5::float4', { doubleValue: 1.5 }],
  ['0.1::float8', { doubleValue: 0.1 }],
  ["'NaN'::float8", { doubleValue: NaN }],
  ["'-infinity'::float8", { doubleValue: -Infinity }],
  ['12345678901234567890.1234567890::numeric', { stringValue: '12345678901234567890.1234567890' }],
  ["'a\u00e9\u{1f600}'", { stringValue: 'a\u00e9\u{1f600}' }],
  ["''", { stringValue: '' }],
  ["'ab'::varchar(5)", { stringValue: 'ab' }],
  ["'ab'::char(3)", { stringValue: 'ab ' }],
  ["'n'::name", { stringValue: 'n' }],
  ["'6f1f6b7e-0000-4000-8000-000000000001'::uuid", { stringValue: '6f1f6b7e-0000-4000-8000-000000000001' }],
  [`'{"a": 1}'::json`, { stringValue: '{"a": 1}' }],
  [`'{"a":1}'::jsonb`, { stringValue: '{"a": 1}' }],
  ["'10.0.0.1'::inet", { stringValue: '10.0.0.1' }],
  ["'2026-02-28'::date", { stringValue: '2026-02-28' }],
  ["'10:11:12.5'::time", { stringValue: '10:11:12.5' }],
  ["'2026-02-28 10:11:12.123456'::timestamp", { stringValue: '2026-02-28 10:11:12.123456' }],
  ["'2026-02-28 10:11:12+02'::timestamptz", { stringValue: '2026-02-28 08:11:12' }],
  ["'infinity'::timestamptz", { stringValue: 'infinity' }],
  ["'\\x0001ff'::bytea", { blobValue: Uint8Array.from([0, 1, 255]) }],
  ['NULL::int', { isNull: true }],
  ['ARRAY[1,NULL,3]', { arrayValue: { longValues: [1, null, 3] } }],
  ['ARRAY[true,false]', { arrayValue: { booleanValues: [true, false] } }],
  ['ARRAY[0.5::float8,NULL]', { arrayValue: { doubleValues: [0.5, null] } }],
  [`ARRAY['a,b','"q"','\\','NULL',NULL,'']`, { arrayValue: { stringValues: ['a,b', '"q"', '\\', 'NULL', null, ''] } }],
  ['ARRAY[1.50,2]', { arrayValue: { stringValues: ['1.50', '2'] } }],
  ["'{}'::int[]", { arrayValue: { longValues: [] } }],
  ["'[5:6]={7,8}'::int[]", { arrayValue: { longValues: [7, 8] } }],
])('SELECT %s comes back as the SDK shows it on AWS', async (expression, expected) => {
  expect(await field(`SELECT ${expression}`)).toEqual(expected);
});

test.each([
  ["'1 day'::interval", 'INTERVAL'],
  ["'10:00+02'::timetz", 'TIMETZ'],
  ["'1'::money", 'MONEY'],
  ['1::oid', 'OID'],
  ["'pg_class'::regclass", 'REGCLASS'],
  ['relkind FROM pg_class LIMIT 1', 'CHAR'],
  ["ROW(1,'a')", 'RECORD'],
  ['pg_advisory_lock(1)', 'VOID'],
  ['ARRAY[now()]', '_TIMESTAMPTZ'],
])('SELECT %s is a type the Data API does not return', async (expression, name) => {
  await expect(run(`SELECT ${expression}`)).rejects.toMatchObject({
    name: 'UnsupportedResultException',
    message: expect.stringContaining(name),
  });
});

test('an array of arrays is refused, and an enum is a string', async () => {
  await expect(run('SELECT ARRAY[[1,2],[3,4]]')).rejects.toMatchObject({ name: 'UnsupportedResultException' });
  await run("CREATE TYPE colour AS ENUM ('red', 'green')");
  expect(await field("SELECT 'green'::colour")).toEqual({ stringValue: 'green' });
});

test.each([
  ['a string', { stringValue: "O'Brien; DROP TABLE x -- \u{1f600}" }, undefined, ':v'],
  ['a long', { longValue: -9007199254740991 }, undefined, ':v'],
  ['a double', { doubleValue: 1e-300 }, undefined, ':v'],
  ['a boolean', { booleanValue: false }, undefined, ':v'],
  ['bytes', { blobValue: Uint8Array.from([0, 1, 254, 255]) }, undefined, ':v'],
  ['null', { isNull: true }, undefined, ':v::int'],
  ['a UUID', { stringValue: '6f1f6b7e-0000-4000-8000-000000000001' }, 'UUID', ':v'],
  ['a date', { stringValue: '2026-02-28' }, 'DATE', ':v'],
  ['a time', { stringValue: '10:11:12' }, 'TIME', ':v'],
  ['a timestamp', { stringValue: '2026-02-28 10:11:12.5' }, 'TIMESTAMP', ':v'],
  ['a decimal', { stringValue: '0.30000000000000000004' }, 'DECIMAL', ':v'],
  ['JSON', { stringValue: '{"a": [1, null]}' }, 'JSON', ':v'],
] as const)('%s goes in and comes out as it was', async (_what, value, hint, expression) => {
  expect(await field(`SELECT ${expression}`, { parameters: parameter(value, hint) })).toEqual(value);
});

test('a string is a varchar, so it meets a uuid or jsonb column only with a hint or a cast', async () => {
  await run('CREATE TABLE things (id uuid, doc jsonb)');
  const id = '6f1f6b7e-0000-4000-8000-000000000001';
  const insert = (text: string, hint?: SqlParameter['typeHint']) =>
    run(`INSERT INTO things (id) VALUES (${text})`, { parameters: parameter({ stringValue: id }, hint) });
  await expect(insert(':v')).rejects.toMatchObject({
    name: 'DatabaseErrorException',
    message: expect.stringMatching(/character varying[\s\S]*SQLState: 42804$/),
  });
  expect((await insert(':v', 'UUID')).numberOfRecordsUpdated).toBe(1);
  expect((await insert(':v::uuid')).numberOfRecordsUpdated).toBe(1);
  expect(await run('UPDATE things SET doc = NULL')).toMatchObject({ numberOfRecordsUpdated: 2, generatedFields: [] });
  const read = await run('SELECT id FROM things');
  expect([read.numberOfRecordsUpdated, read.records?.length]).toEqual([0, 2]);
  expect((await run('DELETE FROM things RETURNING id')).records).toHaveLength(2);
});

test.each([
  ['two members', { longValue: 1, stringValue: 'x' }],
  ['no member', {}],
  ['an array', { arrayValue: { longValues: [1] } }],
  ['isNull false', { isNull: false }],
])('a parameter with %s is a bad request', async (_what, value) => {
  const call = run('SELECT :v', { parameters: [{ name: 'v', value: value as unknown as SqlParameter['value'] }] });
  await expect(call).rejects.toMatchObject({ name: 'BadRequestException' });
});

test('longReturnType and decimalReturnType change how numbers come back', async () => {
  const sql = 'SELECT 9223372036854775807::int8, 10::numeric, 1.25::numeric';
  const strings = await run(sql, { resultSetOptions: { longReturnType: 'STRING' } });
  expect(strings.records?.[0]).toEqual([
    { stringValue: '9223372036854775807' },
    { stringValue: '10' },
    { stringValue: '1.25' },
  ]);
  const numbers = await run(sql, { resultSetOptions: { decimalReturnType: 'DOUBLE_OR_LONG' } });
  expect(numbers.records?.[0]?.slice(1)).toEqual([{ longValue: 10 }, { doubleValue: 1.25 }]);
});

test('formatRecordsAs JSON gives one text and no records', async () => {
  const sql = `SELECT 1 AS n, NULL AS nothing, 'x' AS "a b", ARRAY[1,2] AS list, 1.5::numeric AS amount,
                      '2026-02-28 10:11:12+02'::timestamptz AS moment, '\\xff'::bytea AS bytes`;
  const answer = await run(sql, { formatRecordsAs: 'JSON' });
  expect(answer.records).toBeUndefined();
  expect(JSON.parse(answer.formattedRecords ?? '')).toEqual([
    { n: 1, nothing: null, 'a b': 'x', list: [1, 2], amount: 1.5, moment: '2026-02-28 08:11:12', bytes: '/w==' },
  ]);
});

test('columnMetadata describes the columns when it is asked for', async () => {
  await run('CREATE TABLE described (id int GENERATED ALWAYS AS IDENTITY, price numeric(10,2) NOT NULL, tags text[])');
  const answer = await run('SELECT id, price AS cost, tags, now() AS moment FROM described', {
    includeResultMetadata: true,
  });
  expect(answer.columnMetadata).toMatchObject([
    {
      name: 'id',
      typeName: 'int4',
      type: 4,
      precision: 10,
      nullable: 0,
      isAutoIncrement: true,
      tableName: 'described',
    },
    { name: 'cost', label: 'cost', typeName: 'numeric', type: 2, precision: 10, scale: 2, nullable: 0, isSigned: true },
    { name: 'tags', typeName: '_text', type: 2003, nullable: 1, tableName: 'described' },
    { name: 'moment', typeName: 'timestamptz', type: 93, nullable: 2, tableName: '' },
  ]);
  expect((await run('SELECT 1')).columnMetadata).toBeUndefined();
});

test('a time zone set by the statement does not change what timestamptz says', async () => {
  await run(
    "CREATE FUNCTION moment() RETURNS timestamptz SET timezone = 'Asia/Kolkata' RETURN '2026-02-28 00:30:00+05:30'::timestamptz",
  );
  await run("ALTER ROLE gatehouse_admin SET timezone = 'Asia/Kolkata'");
  expect(await field('SELECT moment()')).toEqual({ stringValue: '2026-02-27 19:00:00' });
  await run('ALTER ROLE gatehouse_admin RESET timezone');
});

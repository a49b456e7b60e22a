import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SqlValue } from '../../functions/core/ports.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { aCaller } from '../support/callers.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';

/** What a tool's values become on their way into PostgreSQL and back. */
let database: TestDatabase;
let read: ReturnType<typeof aReader>;
beforeAll(async () => {
  database = await startMigratedDatabase();
  read = aReader(database);
});
afterAll(() => database.stop());

const ada = aCaller();

test('every value arrives in the type a tool works with', async () => {
  const answer = await read(
    ada,
    sql`SELECT 1::int4 AS small, 9007199254740991::int8 AS edge, 9223372036854775807::int8 AS big, -9007199254740993::int8 AS low,
               1.50::numeric AS amount, 0.5::float8 AS half, true AS yes, NULL::text AS nothing, 'text' AS words,
               '2026-02-28 10:11:12.5+02'::timestamptz AS moment, '2026-02-28 10:11:12'::timestamp AS wall,
               '2026-02-28'::date AS day, 'infinity'::timestamptz AS never, '{"a":1}'::jsonb AS doc,
               '00000000-0000-4000-8000-000000000001'::uuid AS id, '\\x00ff'::bytea AS bytes,
               ARRAY['a', NULL] AS texts, ARRAY[1, 2] AS numbers, '12345678901234567890' AS digits`,
  );
  expect(answer).toEqual({
    ok: true,
    value: [
      {
        small: 1,
        edge: 9007199254740991,
        big: 9223372036854775807n,
        low: -9007199254740993n,
        amount: '1.50',
        half: 0.5,
        yes: true,
        nothing: null,
        words: 'text',
        moment: '2026-02-28T08:11:12.5Z',
        wall: '2026-02-28T10:11:12',
        day: '2026-02-28',
        never: 'infinity',
        doc: '{"a": 1}',
        id: '00000000-0000-4000-8000-000000000001',
        bytes: Uint8Array.from([0, 255]),
        texts: ['a', null],
        numbers: [1, 2],
        digits: '12345678901234567890',
      },
    ],
  });
});

test('every value goes in as what it is', async () => {
  const quoted = 'O\'Brien "x" \\ {a,b} NULL \u{1f600}';
  const answer = await read(
    ada,
    sql`SELECT ${quoted} AS text, ${42} AS whole, ${-0.25} AS half, ${9223372036854775807n}::int8 AS big, ${false} AS no,
               ${null}::text AS nothing, ${Uint8Array.from([1, 2, 255])} AS bytes, ${[quoted, null, '']}::text[] AS texts,
               ${[1, 2]}::int[] AS numbers, ${[]}::text[] AS none, 2 = ANY(${[1, 2, 3]}::int[]) AS found`,
  );
  expect(answer).toEqual({
    ok: true,
    value: [
      {
        text: quoted,
        whole: 42,
        half: -0.25,
        big: 9223372036854775807n,
        no: false,
        nothing: null,
        bytes: Uint8Array.from([1, 2, 255]),
        texts: [quoted, null, ''],
        numbers: [1, 2],
        none: [],
        found: true,
      },
    ],
  });
});

test.each<[what: string, value: SqlValue, cast: string]>([
  ['NaN', Number.NaN, '::float8'],
  ['Infinity', Number.POSITIVE_INFINITY, '::float8'],
  ['-Infinity', Number.NEGATIVE_INFINITY, '::float8'],
  ['the smallest double', 5e-324, '::float8'],
  ['the largest double', 1.7976931348623157e308, '::float8'],
  ['2^53', 9007199254740992n, '::int8'],
  ['the lowest int8', -9223372036854775808n, '::int8'],
  ['many digits', '12345678901234567890.12345678901234567890', '::numeric'],
  ['a numeric NaN', 'NaN', '::numeric'],
  ['a line separator and an astral letter', '\u2028\u{10ffff}', '::text'],
  ['nothing', '', '::text'],
  ['a row almost as long as a row may be', 'x'.repeat(60_000), '::text'],
  ['a UUID', '00000000-0000-4000-8000-000000000001', '::uuid'],
  ['JSON as it was written', '{"b": 1, "a": 1}', '::json'],
  ['a day', '2026-02-28', '::date'],
  ['a moment', '2026-02-28T10:11:12.123456Z', '::timestamptz'],
  ['a time on the wall', '2026-02-28T10:11:12', '::timestamp'],
  ['no bytes', new Uint8Array(), '::bytea'],
  ['truths', [true, null, false], '::bool[]'],
  ['doubles', [0.5, null, Number.NaN, Number.NEGATIVE_INFINITY], '::float8[]'],
  ['integers', [9007199254740991, -1, null], '::int8[]'],
  ['decimals', ['1.50', '12345678901234567890'], '::numeric[]'],
  ['texts that look like syntax', ['{', '"', '\\', ',', 'NULL', null, ''], '::text[]'],
])('%s goes in and comes back as it was', async (_what, value, cast) => {
  const statement = { text: `SELECT :p1${cast} AS v`, values: [value] };
  expect(await read(ada, statement)).toEqual({ ok: true, value: [{ v: value }] });
});

test('an integer in an array that would lose digits is refused with what to do, and never rounded', async () => {
  expect(await read(ada, sql`SELECT ARRAY[9007199254740993] AS v`)).toMatchObject({
    ok: false,
    error: { reason: 'invalid', retry: false, detail: expect.stringContaining('cast the array to text[]') },
  });
  expect(await read(ada, sql`SELECT ARRAY[9007199254740993]::text[] AS v`)).toEqual({
    ok: true,
    value: [{ v: ['9007199254740993'] }],
  });
});

test('a column named __proto__ is a column', async () => {
  const answer = await read(ada, sql`SELECT 'x' AS "__proto__"`);
  expect(answer.ok && Object.keys(answer.value[0] ?? {})).toEqual(['__proto__']);
});

test('two columns of one name are refused, since one would hide the other', async () => {
  const answer = await read(ada, sql`SELECT 1 AS id, 2 AS id`);
  expect(answer).toMatchObject({ ok: false, error: { reason: 'invalid', detail: expect.stringContaining('"id"') } });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../functions/core/ports.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { aCaller } from '../support/callers.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';

/** The first rows of what is more than may be read at once: a whole result is rows, a part is never taken for one. */
let database: TestDatabase;
let read: ReturnType<typeof aReader>;
beforeAll(async () => {
  database = await startMigratedDatabase();
  read = aReader(database);
});
afterEach(() => {
  database.api.fault = undefined;
  database.api.calls.length = 0;
});
afterAll(() => database?.stop());

const ada = aCaller();
const FOUR = ['BeginTransaction', 'ExecuteStatement', 'ExecuteStatement', 'RollbackTransaction'];
const operations = () => database.api.calls.map((call) => call.operation);
const times = (count: number) => Array.from({ length: count }, () => FOUR).flat();

/** Rows of one column `text`, so and so many bytes wide, numbered. */
const wide = (rows: number, bytes: number) =>
  sql`SELECT n, repeat('x', ${bytes}::int) AS text FROM generate_series(1, ${rows}::int) AS n ORDER BY n`;

type Ended = { readonly whole: number } | { readonly part: number } | { readonly reason: string };

async function ended(answer: ReturnType<typeof read>): Promise<Ended> {
  const result = await answer;
  if (result.ok) return { whole: result.value.length };
  const { reason, part } = result.error;
  if (part === undefined) return { reason };
  expect(reason).toBe('too-large');
  expectFirst(part);
  return { part: part.length };
}

/** Rows 1, 2, 3 … with nothing but their own columns: none is missing in the middle, and no measure of ours among them. */
function expectFirst(rows: readonly Row[]): void {
  expect(rows.map(({ n }) => n)).toEqual(rows.map((_, index) => index + 1));
  for (const row of rows) expect(Object.keys(row)).toEqual(['n', 'text']);
}

const first = (rows: number, statement: ReturnType<typeof sql>, reader = read) =>
  ended(reader(ada, statement, undefined, rows));

describe('the first rows of a statement', () => {
  test.each([
    ['no row', 0, 10, { whole: 0 }],
    ['one fewer than asked for', 9, 10, { whole: 9 }],
    ['exactly as many', 10, 10, { whole: 10 }],
    ['one more', 11, 10, { part: 10 }],
    ['a thousand', 1_000, 1_000, { whole: 1_000 }],
    ['a thousand and one', 1_001, 1_000, { part: 1_000 }],
    ['more than may be asked for', 1_500, 5_000, { part: 1_000 }],
  ] as const)('%s: %i of which %i are wanted', async (_what, rows, wanted, expected) => {
    expect(await first(wanted, wide(rows, 10))).toEqual(expected);
    // What fits costs no call more than any other read.
    expect(operations()).toEqual(FOUR);
  });

  test('a column counts eight bytes and text its own: at the cap whole, one byte above it a part', async () => {
    const small = aReader(database, { maxBytes: 4 * (8 + 100) });
    expect(await first(100, wide(4, 100), small)).toEqual({ whole: 4 });
    expect(await first(100, wide(5, 100), small)).toEqual({ part: 4 });
    const under = aReader(database, { maxBytes: 4 * (8 + 100) - 1 });
    expect(await first(100, wide(4, 100), under)).toEqual({ part: 3 });
  });

  test('bytes count as they are and not as they travel', async () => {
    const bytes = sql`SELECT n, decode(repeat('00', 1000), 'hex') AS text FROM generate_series(1, 10) AS n ORDER BY n`;
    expect(await first(100, bytes, aReader(database, { maxBytes: 10 * 1_008 }))).toEqual({ whole: 10 });
    expect(await first(100, bytes, aReader(database, { maxBytes: 10 * 1_008 - 1 }))).toEqual({ part: 9 });
  });

  test('beyond 1 MiB the database says which fit: one read more, and as many rows as the cap holds', async () => {
    expect(await first(1_000, wide(900, 2_000))).toEqual({ part: Math.floor((256 * 1024) / 2_024) });
    expect(operations()).toEqual(times(2));
  });

  test('a row that the service never returns ends the part before it: two reads more', async () => {
    const statement = sql`
      SELECT n, repeat('x', CASE WHEN n = 8 THEN 65536 ELSE 1000 END) AS text FROM generate_series(1, 2000) AS n ORDER BY n`;
    expect(await first(1_000, statement)).toEqual({ part: 7 });
    expect(operations()).toEqual(times(3));
  });

  test('a first row that the service never returns is no part', async () => {
    expect(await first(10, wide(3, 70_000))).toEqual({ reason: 'too-large' });
    expect(operations()).toEqual(times(3));
  });

  test('a first row above the cap is no part', async () => {
    expect(await first(10, wide(3, 1_001), aReader(database, { maxBytes: 1_000 }))).toEqual({ reason: 'too-large' });
  });

  test.each([
    ['control characters, six times as long on their way', sql`repeat(E'\\x01', 1000)`],
    ['quotes, twice as long', sql`repeat('"\\', 600)`],
    ['JSON in a text', sql`repeat('{"a":1}', 200)`],
    ['three bytes a character', sql`repeat('€', 1000)`],
    ['JSON', sql`json_build_object('a', repeat('"', 1000))`],
  ])('%s: the part fits and is read at the first try', async (_what, text) => {
    const answer = await first(1_000, sql`SELECT n, ${text} AS text FROM generate_series(1, 5000) AS n ORDER BY n`);
    expect(answer).toEqual({ part: expect.any(Number) });
    expect((answer as { part: number }).part).toBeGreaterThan(20);
    expect(operations().length).toBeLessThanOrEqual(times(2).length);
  });

  test('many empty columns, of which more is wrapping than text', async () => {
    const columns = Array.from({ length: 60 }, (_, at) => `${at % 2 === 0 ? "''" : 'NULL::text'} AS c${at}`).join(', ');
    const text = `SELECT n, ${columns} FROM generate_series(1, 3000) AS n ORDER BY n`;
    const answer = await read(ada, { text, values: [] }, undefined, 1_000);
    if (answer.ok) throw new Error('3,000 rows are not 1,000');
    const { part = [] } = answer.error;
    expect(part.length).toBeGreaterThan(200);
    expect(part.map(({ n }) => n)).toEqual(part.map((_, index) => index + 1));
    expect(operations()).toEqual(times(2));
  });

  test.each([
    [
      'a semicolon and a comment at the end',
      sql`SELECT n, 'x' AS text FROM generate_series(1, 5) AS n ORDER BY n; -- so`,
    ],
    ['a comment without a line break', sql`SELECT n, 'x' AS text FROM generate_series(1, 5) AS n ORDER BY n -- so`],
    ['a WITH', sql`WITH s AS (SELECT generate_series(1, 5) AS n) SELECT n, 'x' AS text FROM s ORDER BY n`],
    ['brackets', sql`(SELECT n, 'x' AS text FROM generate_series(1, 5) AS n ORDER BY n)`],
    ['VALUES', sql`SELECT * FROM (VALUES (1, 'x'), (2, 'x'), (3, 'x')) AS v (n, text) ORDER BY n`],
    ['a limit of its own', sql`SELECT n, 'x' AS text FROM generate_series(1, 9) AS n ORDER BY n LIMIT 3`],
    ['a value', sql`SELECT n, ${'x'} AS text FROM generate_series(1, ${4}::int) AS n ORDER BY n`],
  ])('%s', async (_what, statement) => {
    expect(await first(2, statement)).toEqual({ part: 2 });
    expect(await first(9, statement)).toEqual({ whole: expect.any(Number) });
  });

  test('rows of another tenant are not among them, nor counted', async () => {
    const answer = await read(ada, sql`SELECT number FROM app.orders`, undefined, 24);
    expect(answer).toMatchObject({ ok: true, value: { length: 24 } });
  });

  test('an error, a statement that writes and a caller who has gone are told as ever', async () => {
    expect(await first(5, sql`SELECT nothing FROM app.orders`)).toEqual({ reason: 'invalid' });
    expect(await first(5, sql`SELECT phone FROM app.customers`)).toEqual({ reason: 'denied' });
    expect(await first(5, sql`DELETE FROM app.notes`)).toEqual({ reason: 'invalid' });
    expect(await first(5, sql`SELECT lo_create(0)::text AS oid`)).toEqual({ reason: 'denied' });
    const gone = AbortSignal.abort();
    expect(await ended(read(ada, wide(900, 2_000), gone, 1_000))).toEqual({ reason: 'timeout' });
  });

  test('a statement that is slow the second time is told as slow, and not as a part', async () => {
    let statements = 0;
    database.api.fault = async (call, serve) => {
      if (call.operation === 'ExecuteStatement' && ++statements === 4) {
        Object.assign(call.input, { sql: 'SELECT pg_sleep(20)::text' });
      }
      return serve();
    };
    expect(await first(1_000, wide(900, 2_000))).toEqual({ reason: 'timeout' });
  }, 15_000);

  test('without asking for a part there is none, whatever the size', async () => {
    for (const statement of [wide(1_001, 1), wide(300, 1_000), wide(900, 2_000), wide(1, 70_000)]) {
      expect(await ended(read(ada, statement))).toEqual({ reason: 'too-large' });
    }
  });
});

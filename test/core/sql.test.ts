import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlValue } from '../../functions/core/ports.ts';
import { codeOf } from '../../functions/core/sql/code.ts';
import { isOneSelect } from '../../functions/core/sql/one-select.ts';
import { sql } from '../../functions/core/sql/statement.ts';

describe('the sql tag', () => {
  test('values become numbered parameters and never text', () => {
    const name = "x'; DROP TABLE orders; --";
    expect(sql`SELECT id FROM app.orders WHERE number = ${name} AND total > ${10} AND id = ${'a'}::uuid`).toEqual({
      text: 'SELECT id FROM app.orders WHERE number = :p1 AND total > :p2 AND id = :p3::uuid',
      values: [name, 10, 'a'],
    });
  });

  test('whatever the values are, the text is the same', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null), fc.bigInt());
    fc.assert(
      fc.property(value, fc.array(value), (one, many) => {
        const statement = sql`SELECT ${one as SqlValue} = ANY (${many as SqlValue[]}::text[])`;
        expect(statement).toEqual({ text: 'SELECT :p1 = ANY (:p2::text[])', values: [one, many] });
      }),
    );
  });

  test('a statement made by the tag may stand in another, and is renumbered', () => {
    const open = sql`status = ${'open'} AND body <> ':p1'`;
    const both = sql`SELECT ${1} FROM app.tickets WHERE ${open} OR (${open})`;
    expect(both.text).toBe(
      "SELECT :p1 FROM app.tickets WHERE status = :p2 AND body <> ':p1' OR (status = :p3 AND body <> ':p1')",
    );
    expect(both.values).toEqual([1, 'open', 'open']);
  });

  test.each([
    ['something that only looks like a statement', { text: 'true; DROP TABLE x', values: [] }],
    ['an object', { id: 1 }],
    ['a date', new Date(0)],
    ['undefined', undefined],
    ['an array with a hole in it', [1, undefined]],
    ['a function', () => 1],
  ])('%s is no value', (_what, value) => {
    expect(() => sql`SELECT ${value as SqlValue}`).toThrow('is no value');
  });

  test('a value inside quotes or a comment is a fault of the author', () => {
    expect(() => sql`SELECT '${'x'}'`).toThrow('inside quotes');
    expect(() => sql`SELECT 1 -- ${'x'}`).toThrow('inside quotes');
    expect(() => sql`SELECT $$${'x'}$$`).toThrow('inside quotes');
  });

  test('a name the text brings along is refused, a cast and a time are not', () => {
    expect(() => sql`SELECT :tenant`).toThrow('names a parameter :tenant');
    expect(() => sql`SELECT ${1}, :p1`).toThrow('names a parameter :p1');
    expect(sql`SELECT '12:30'::time, now()::date, ${1}::int`.values).toEqual([1]);
  });

  test('a plain string does not type as a statement', () => {
    // @ts-expect-error only the tag makes statements
    sql('SELECT 1');
  });

  test('a statement cannot be changed afterwards', () => {
    const statement = sql`SELECT ${1}`;
    expect(() => Object.assign(statement, { text: 'DROP TABLE x' })).toThrow(TypeError);
    expect(() => (statement.values as SqlValue[]).push(2)).toThrow(TypeError);
  });
});

describe('one select', () => {
  test.each([
    'SELECT 1',
    '  select 1 ; ',
    '(SELECT 1) UNION (SELECT 2)',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'VALUES (1), (2)',
    'SELECT \'insert into x; delete\', "update" FROM t -- drop; table',
    'SELECT updated_at, deleted, $$ ; delete $$ FROM t',
    '/* ; */ SELECT 1',
  ])('%s is one', (text) => {
    expect(isOneSelect(text).ok).toBe(true);
  });

  test.each([
    ['', 'empty'],
    [' -- nothing', 'empty'],
    [';', 'empty'],
    ['SELECT 1; SELECT 2', 'several-statements'],
    ["SELECT ''; SELECT 2", 'several-statements'],
    ['INSERT INTO t VALUES (1)', 'no-select'],
    ['EXPLAIN ANALYZE DELETE FROM t', 'no-select'],
    ['COMMIT', 'no-select'],
    ['SET ROLE x', 'no-select'],
    ['COPY t TO STDOUT', 'no-select'],
    ['WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x', 'writes'],
    ['SELECT * INTO u FROM t', 'writes'],
    ['SELECT * FROM t FOR UPDATE', 'writes'],
    ['SELECT * FROM t FOR NO KEY UPDATE', 'writes'],
    ['SELECT * FROM t FOR/**/SHARE', 'writes'],
  ])('%j is none: %s', (text, reason) => {
    expect(isOneSelect(text)).toMatchObject({ ok: false, error: { reason } });
  });
});

test('what is not code becomes spaces, and nothing moves', () => {
  const code = codeOf("a 'b;' \"c\" /* d /* e */ f */ g -- h\n i $$ j $$ E'\\'k' l$$m");
  expect(code.replaceAll(/ +/g, ' ')).toBe('a g \n i l$$m');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab\'"$-/*:\\\n E;') }), (text) => {
      expect(codeOf(text)).toHaveLength(text.length);
    }),
  );
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { replaceNames } from '../../infra/local/rds-data/named-parameters.ts';
import { bindParameters } from '../../infra/local/rds-data/parameter-values.ts';
import type { Parameter } from '../../infra/local/rds-data/request.ts';

const mark = (sql: string) => replaceNames(sql, (name) => `<${name}>`);
const bind = (sql: string, ...parameters: Parameter[]) => bindParameters(sql, parameters);

test.each([
  ['SELECT :a, :b', 'SELECT <a>, <b>'],
  ['WHERE id=:id AND x>:x1_y', 'WHERE id=<id> AND x><x1_y>'],
  ['SELECT :p1::uuid', 'SELECT <p1>::uuid'],
  ["SELECT '12:30'::time, 'it''s :a', :b", "SELECT '12:30'::time, 'it''s :a', <b>"],
  ['SELECT "odd:name", "a"":b" FROM t WHERE c = :c', 'SELECT "odd:name", "a"":b" FROM t WHERE c = <c>'],
  ["SELECT E'\\':a', :b", "SELECT E'\\':a', <b>"],
  ["SELECT '\\', :b", "SELECT '\\', <b>"],
  ['SELECT $$:a$$, $tag$ :b $$ :c $tag$, :d', 'SELECT $$:a$$, $tag$ :b $$ :c $tag$, <d>'],
  ['SELECT a$b$ FROM t WHERE c = :c -- $b$', 'SELECT a$b$ FROM t WHERE c = <c> -- $b$'],
  ['SELECT 1 -- :a\n, :b', 'SELECT 1 -- :a\n, <b>'],
  ['SELECT /* :a /* :b */ :c */ :d', 'SELECT /* :a /* :b */ :c */ <d>'],
  ['DO $$ BEGIN x := 1; END $$', 'DO $$ BEGIN x := 1; END $$'],
  ["CALL f(name := 'x')", "CALL f(name := 'x')"],
  ["SELECT 'never closed :a", "SELECT 'never closed :a"],
  ['SELECT $$never closed :a', 'SELECT $$never closed :a'],
  ['SELECT : a, :1', 'SELECT : a, :1'],
])('names in %s become %s', (sql, expected) => {
  expect(mark(sql)).toBe(expected);
});

test('text without a name leaves as it came, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab\'"$-/*:\\\n E;') }), (sql) => {
      expect(replaceNames(sql, (name) => `:${name}`)).toBe(sql);
    }),
    { numRuns: 3_000 },
  );
});

test('a statement of the longest length is read in a blink', () => {
  for (const sql of [`SELECT '${"''".repeat(32_000)}'`, '/*'.repeat(32_000), '$a'.repeat(32_000), ':'.repeat(65_000)]) {
    const before = performance.now();
    mark(sql);
    expect(performance.now() - before).toBeLessThan(500);
  }
});

test('a parameter used twice is bound once, an unused one not at all, and each carries its type', () => {
  const statement = bind(
    'SELECT :s, :l, :s, :d, :b, :n, :blob',
    { name: 's', value: { stringValue: 'x' } },
    { name: 'l', value: { longValue: 7 } },
    { name: 'd', value: { doubleValue: 1.5 } },
    { name: 'b', value: { booleanValue: true } },
    { name: 'n', value: { isNull: true } },
    { name: 'blob', value: { blobValue: 'AQI=' } },
    { name: 'unused', value: { stringValue: 'y' } },
  );
  expect(statement.text).toBe(
    'SELECT ($1::varchar), ($2::int8), ($1::varchar), ($3::float8), ($4::bool), $5, ($6::bytea)',
  );
  expect(statement.values).toEqual(['x', '7', '1.5', 'true', null, Buffer.from([1, 2])]);
});

test.each([
  ['DATE', '2026-02-28', 'date', '28.02.2026'],
  ['TIME', '10:11:12.5', 'time', '10:11'],
  ['TIMESTAMP', '2026-02-28 10:11:12', 'timestamp', '2026-02-28T10:11:12Z'],
  ['DECIMAL', '-12.50', 'numeric', 'NaN; DROP'],
  ['UUID', '6f1f6b7e-0000-4000-8000-000000000001', 'uuid', 'not-a-uuid'],
] as const)('a typeHint of %s casts, and refuses what is not in its format', (typeHint, good, type, bad) => {
  const hinted = (stringValue: string) => bind(':v', { name: 'v', typeHint, value: { stringValue } });
  expect(hinted(good)).toEqual({ text: `($1::${type})`, values: [good] });
  expect(() => hinted(bad)).toThrow(expect.objectContaining({ code: 'BadRequestException' }));
  expect(bind(':v', { name: 'v', typeHint, value: { isNull: true } })).toEqual({
    text: `($1::${type})`,
    values: [null],
  });
});

test('a name without a parameter, a name given twice and a hint on no string are errors', () => {
  const v: Parameter = { name: 'v', value: { stringValue: 'x' } };
  expect(() => bind(':w', v)).toThrow('Cannot find parameter: w');
  expect(() => bind(':v', v, v)).toThrow('given twice');
  expect(() => bind(':v', { name: 'v', typeHint: 'UUID', value: { longValue: 1 } })).toThrow('needs a stringValue');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPostgresGrammar } from '../../functions/adapters/postgres-grammar.ts';
import { ok } from '../../functions/core/result.ts';
import { freeSelect, LONGEST_STATEMENT } from '../../functions/core/sql/free-select.ts';
import { judgeSelect } from '../../functions/core/sql/judge-select.ts';
import { explainRefusal } from '../../functions/core/sql/not-allowed.ts';

const parse = createPostgresGrammar();
const judge = async (text: string) => freeSelect(parse, text, 11);
const textOf = async (text: string) => {
  const select = await judge(text);
  return select.ok ? select.value.text : explainRefusal(select.error);
};

describe('what is sent', () => {
  test.each([
    ['SELECT 1', 'SELECT * FROM (\nSELECT 1\n) AS q LIMIT 11'],
    ['SELECT 1;', 'SELECT * FROM (\nSELECT 1\n) AS q LIMIT 11'],
    [' ;; SELECT 1 ; ; -- end', 'SELECT * FROM (\n SELECT 1 \n) AS q LIMIT 11'],
    ['SELECT 1 -- end', 'SELECT * FROM (\nSELECT 1 -- end\n) AS q LIMIT 11'],
    ["SELECT 'é', 1;-- ü", "SELECT * FROM (\nSELECT 'é', 1\n) AS q LIMIT 11"],
    ['(SELECT 1) UNION (SELECT 2)', 'SELECT * FROM (\n(SELECT 1) UNION (SELECT 2)\n) AS q LIMIT 11'],
    ['VALUES (1)', 'SELECT * FROM (\nVALUES (1)\n) AS q LIMIT 11'],
  ])('%j', async (text, sent) => {
    expect(await textOf(text)).toBe(sent);
  });

  test('it binds no value, so nothing of it can take the place of one', async () => {
    expect(await judge('SELECT 1')).toMatchObject({ ok: true, value: { values: [] } });
  });
});

describe('what is refused, by its name', () => {
  test.each([
    ['SELECT 1 INTO x', 'SELECT INTO'],
    ['SELECT 1 FOR UPDATE', 'a row lock'],
    ['SELECT (SELECT 1 FROM app.a FOR SHARE)', 'a row lock'],
    ['WITH x AS (DELETE FROM app.a RETURNING 1) SELECT 1', 'DELETE'],
    ['SELECT * FROM app.a TABLESAMPLE app.f (1)', 'TABLESAMPLE'],
    ["SELECT xmlparse(CONTENT '<a/>')", 'an XML expression'],
    ["SELECT JSON_VALUE('{}', '$')", 'JSON FUNC'],
    ['SELECT * FROM json_to_record(1) AS x (a int)', 'a column definition list'],
    ['WITH RECURSIVE r AS (SELECT 1 AS a) SEARCH DEPTH FIRST BY a SET s SELECT 1 FROM r', 'SEARCH'],
    ['SELECT * FROM gatehouse.app.orders', 'a name of a database'],
    ['SELECT f(1)', 'The function f'],
    ['SELECT app.lower(1)', 'The function app.lower'],
    ['SELECT pg_catalog.lower(1), x.pg_catalog.lower(1)', 'The function x.pg_catalog.lower'],
    ['SELECT "LOWER"(1)', 'The function LOWER'],
    ['SELECT count(*) OVER (ORDER BY nextval(1))', 'The function nextval'],
    ['SELECT sum(1) FILTER (WHERE nextval(1) > 0)', 'The function nextval'],
    ['SELECT 1 ORDER BY 1 USING OPERATOR(app.<)', 'The operator app.<'],
    ['SELECT 1 OPERATOR(app.+) 1', 'The operator app.+'],
    ['SELECT 1 OPERATOR(app.=) ANY (SELECT 1)', 'The operator app.='],
    ["SELECT '{}'::jsonb ? 'a'", 'The operator ?'],
    ["SELECT 'a'::regclass[]", 'A cast to regclass'],
    ["SELECT regrole 'a'", 'A cast to regrole'],
    ["SELECT CAST('a' AS app.kind)", 'A cast to app.kind'],
    ['SELECT 1::app.a.b%TYPE', 'A cast to app.a.b'],
    ['SELECT \'a\' COLLATE app."C"', 'The collation app.C'],
    ['SELECT session_user', 'The function SESSION_USER'],
    ['SELECT * FROM orders', 'The relation orders'],
    ['SELECT * FROM pg_catalog.pg_class', 'The relation pg_catalog.pg_class'],
    ['SELECT 1 WHERE EXISTS (TABLE pg_authid)', 'The relation pg_authid'],
    ['WITH pg_authid AS (SELECT 1) SELECT 1', 'The name pg_authid'],
    ['SELECT $1', 'The parameter $'],
    ['SELECT :p1', 'The parameter :p1'],
    ['SELECT a[1:n] FROM app.a', 'The parameter :n'],
    ['SELECT 1; SELECT 2', '2 statements'],
    [' -- nothing', 'no statement'],
    ['SET ROLE x', 'SET is not allowed'],
    ['SELECT 1)', 'syntax error at or near ")"'],
    ['SELECT 1\0; DROP TABLE x', 'U+0000'],
    ["SELECT '\ud800'", 'a lone surrogate'],
  ])('%j', async (text, words) => {
    expect(await textOf(text)).toContain(words);
  });
});

test('what is too long or nested too deeply is refused', async () => {
  expect(await textOf(`SELECT '${'x'.repeat(LONGEST_STATEMENT)}'`)).toContain('10009 bytes');
  expect(await textOf(`SELECT 1${'+1'.repeat(400)}`)).toContain('LIMIT 11');
  expect(await textOf(`SELECT 1${'+1'.repeat(600)}`)).toContain('nested too deeply');
});

test('a parser whose stack was exhausted is replaced', async () => {
  const exhausting = `SELECT 1${'+1'.repeat(200_000)}`;
  for (let at = 0; at < 3; at++) {
    expect(await parse(exhausting)).toEqual({ ok: false, error: { reason: 'too-complex' } });
    expect(await parse('SELECT 1')).toMatchObject({ ok: true });
  }
});

test('a tree of other words than the wrapper ends it, should the parser ever read the two texts differently', async () => {
  const trees = ['SELECT 1', 'SELECT 2'];
  const lying = async () => parse(trees.shift() ?? '');
  expect(await freeSelect(lying, 'SELECT 1', 11)).toMatchObject({ ok: false, error: { reason: 'construct' } });
});

describe('a tree that the grammar does not know', () => {
  test.each([
    ['an unknown node', { targetList: [{ NewNode: {} }] }],
    ['an unknown field', { newClause: true }],
    ['two names for one node', { targetList: [{ ResTarget: {}, SelectStmt: {} }] }],
    ['a node where a value belongs', { op: { SelectStmt: {} } }],
    ['a value where a node belongs', { whereClause: 'true' }],
    ['a list where one node belongs', { larg: [] }],
    ['a name of the prototype', { targetList: [{ constructor: {} }] }],
    ['a field of the prototype', { toString: true }],
    ['no function name', { whereClause: { FuncCall: { funcname: [] } } }],
    ['nothing', undefined],
  ])('%s is refused', (_what, tree) => {
    expect(judgeSelect(tree)).toMatchObject({ ok: false });
  });
});

test('whatever the text, it is refused or stays inside its brackets', async () => {
  const pieces = fc.constantFrom(
    'SELECT ',
    '1',
    "'",
    '"',
    '$$',
    '$a$',
    '--',
    '/*',
    '*/',
    '\n',
    ';',
    '(',
    ')',
    ' FROM app.orders',
    ' UNION ',
    ',',
    "E'",
    "U&'",
    '\\',
    ' AS q',
    ' LIMIT 1',
    'set_config(1,2,true)',
    '::text',
    ':',
    ' WHERE ',
    'WITH a AS (',
    ' ',
    '\r',
    '\u2028',
  );
  const inside = async (text: string) => {
    const select = await judge(text);
    if (!select.ok) return;
    const tree = await parse(select.value.text);
    expect(tree).toMatchObject(ok({ stmts: [{ stmt: { SelectStmt: { fromClause: [{ RangeSubselect: {} }] } } }] }));
    expect(JSON.stringify(tree)).not.toMatch(/"funcname":\[[^\]]*"set_config"/);
  };
  const texts = fc.array(pieces, { maxLength: 14 }).map((parts) => `SELECT ${parts.join('')}`);
  await fc.assert(fc.asyncProperty(texts, inside), { numRuns: 3_000 });
});

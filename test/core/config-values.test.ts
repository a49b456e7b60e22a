import { describe, expect, test } from 'vitest';
import {
  integer,
  issuer,
  keySet,
  oneOf,
  type Reader,
  readAll,
  switched,
  text,
  textLists,
  texts,
  words,
} from '../../functions/config-values.ts';

const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
const keys = (...each: readonly unknown[]) => JSON.stringify({ keys: each });
const { kid: _kid, ...nameless } = key;

describe('the text of a variable', () => {
  test.each<[string, Reader<unknown>, string, unknown]>([
    ['a text', text, 'a b', 'a b'],
    ['an issuer with a path', issuer, 'https://a.example/b', 'https://a.example/b'],
    ['no words', words, '', []],
    ['words', words, ' a  b ', ['a', 'b']],
    ['on', switched, 'on', true],
    ['off', switched, 'off', false],
    ['a choice', oneOf('a', 'b'), 'b', 'b'],
    ['the least', integer(0, 60), '0', 0],
    ['the most', integer(0, 60), '60', 60],
    ['an empty table', texts, '{}', {}],
    ['texts', texts, '{"a":"b"}', { a: 'b' }],
    ['lists of texts', textLists, '{"a":["b","c"],"d":[]}', { a: ['b', 'c'], d: [] }],
    ['two keys', keySet, keys(key, { ...key, kid: 'l' }), { keys: [key, { ...key, kid: 'l' }] }],
  ])('reads as %s', (_what, read, value, expected) => {
    expect(read(value)).toEqual({ ok: true, value: expected });
  });

  test.each<[string, Reader<unknown>, readonly string[]]>([
    ['empty', text, ['']],
    [
      'not an issuer',
      issuer,
      ['http://a.example', 'https://a.example/', 'https://a.example?b', 'https://a b', '', 'x https://a.example'],
    ],
    ['neither on nor off', switched, ['', 'On', 'true', 'on ']],
    ['not one of a, b', oneOf('a', 'b'), ['', 'c', 'a,b', 'toString']],
    [
      'not a whole number from 0 to 60',
      integer(0, 60),
      ['', ' ', '61', '-1', '1.5', '1e1', '0x1', ' 5', 'NaN', '9'.repeat(400)],
    ],
    [
      'not a JSON object of texts',
      texts,
      ['', 'a', '[]', 'null', '"a"', '{"a":1}', '{"a":""}', '{"a":["b"]}', '{"__proto__":1}'],
    ],
    [
      'not a JSON object of lists of texts',
      textLists,
      ['', '[]', '{"a":"b"}', '{"a":[1]}', '{"a":[""]}', '{"a":{"0":"b"}}'],
    ],
    [
      'not a JSON Web Key Set of public ES256 keys',
      keySet,
      [
        ...['', 'null', '[]', '{}', '{"keys":{}}', `{"keys":[${JSON.stringify(key)}],"more":1}`],
        ...[keys(), keys(null), keys(nameless), keys({ ...nameless, d: 'private' }), keys({ ...key, d: 'private' })],
        ...[keys(key, { ...key, d: 'private' }), keys({ ...key, x: '' }), keys({ ...key, kid: 1 })],
        ...[{ crv: 'P-384' }, { alg: 'none' }, { use: 'enc' }, { kty: 'oct' }].map((odd) => keys({ ...key, ...odd })),
      ],
    ],
  ])('is refused when it is %s', (reason, read, values) => {
    for (const value of values) expect(read(value), value).toEqual({ ok: false, error: reason });
  });
});

describe('a set of variables', () => {
  const readers = { A: text, B: switched, C: words };

  test('is read whole, and no further', () => {
    expect(readAll(readers, { A: 'a', B: 'on', C: 'c', D: 'd' })).toEqual({
      ok: true,
      value: { A: 'a', B: true, C: ['c'] },
    });
  });

  test('is refused with everything that is wrong, in order, and no value', () => {
    expect(readAll(readers, { B: 'secret' })).toEqual({
      ok: false,
      error: ['A is missing', 'B has an unusable value (neither on nor off)', 'C is missing'],
    });
  });
});

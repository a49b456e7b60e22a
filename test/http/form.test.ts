import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseForm } from '../../functions/http/form.ts';
import type { HttpRequest } from '../../functions/http/message.ts';

const FORM = 'application/x-www-form-urlencoded';

function post(body: string | Buffer, type: string | undefined = FORM): HttpRequest {
  return {
    method: 'POST',
    path: '/token',
    query: [],
    rawQuery: '',
    headers: { 'content-type': type },
    cookies: {},
    body: Buffer.from(body),
    requestId: 'request-1',
  };
}

describe('a form', () => {
  test('keeps order and repetition', () => {
    expect(parseForm(post('b=2&a=1&b=3&empty=&bare'))).toEqual({
      ok: true,
      value: [
        ['b', '2'],
        ['a', '1'],
        ['b', '3'],
        ['empty', ''],
        ['bare', ''],
      ],
    });
  });

  test.each([FORM.toUpperCase(), `${FORM}; charset=utf-8`, ` ${FORM} ;charset=UTF-8`])('is accepted as %j', (type) => {
    expect(parseForm(post('a=1', type))).toEqual({ ok: true, value: [['a', '1']] });
  });

  test.each([
    undefined,
    '',
    'application/json',
    'multipart/form-data',
    'text/plain',
    `application/json, ${FORM}`,
    `${FORM}, application/json`,
    `${FORM}x`,
  ])('is refused as %j', (type) => {
    expect(parseForm({ ...post('a=1'), headers: { 'content-type': type } })).toMatchObject({
      ok: false,
      error: { reason: 'content-type' },
    });
  });

  test.each(['a=%', 'a=%2', 'a=%zz', 'a=%ff', 'a=%00', 'a\0=1', 'a=\u00e9', 'a=1\r\n'])('is refused for %j', (body) => {
    expect(parseForm(post(body))).toEqual({ ok: false, error: { reason: 'encoding' } });
  });

  test('reads what URLSearchParams wrote', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && value.isWellFormed());
    const property = fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      const parsed = parseForm(post(new URLSearchParams(pairs).toString()));
      expect(parsed).toEqual({ ok: true, value: pairs });
    });
    fc.assert(property);
  });
});

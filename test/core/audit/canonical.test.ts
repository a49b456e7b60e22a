import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { argumentsMac, dayKeyMessage } from '../../../functions/core/audit/arguments-mac.ts';
import { canonicalJson } from '../../../functions/core/audit/canonical.ts';

test('equal values have one canonical text, whatever the order of their names', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      return JSON.stringify(canonicalJson(value)) === JSON.stringify(canonicalJson(reversed));
    }),
  );
});

test('the example of RFC 8785 section 3.2.3 has the text that the RFC gives', () => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
  };
  const others = {
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const canonical = canonicalJson({ ...value, ...others });
  expect(canonical.ok && Object.values(JSON.parse(canonical.value))).toEqual([
    ...['One', 'Carriage Return', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign'],
    ...['Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh'],
  ]);
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

test.each([
  ['NaN', { x: Number.NaN }],
  ['infinity', [1, Number.POSITIVE_INFINITY]],
  ['a lone surrogate in a value', { x: 'a\ud800' }],
  ['a lone surrogate in a name', { 'a\udc00': 1 }],
  ['a cycle', cycle],
  ['a bigint', { x: 1n }],
  ['nothing', undefined],
])('%s has no canonical text', (_, value) => {
  expect(canonicalJson(value)).toMatchObject({ ok: false, error: { reason: 'not-canonical' } });
});

test('the hash of arguments is the HMAC that the README describes, so that an auditor can compute it', () => {
  const key = Buffer.from('a key of a day');
  const expected = createHmac('sha256', key).update('args/v1|refund_order|{"orderId":42}').digest('hex');
  expect(argumentsMac(key, 'refund_order', '{"orderId":42}').toString('hex')).toBe(expected);
  expect(argumentsMac(key, 'refund', 'order|{"orderId":42}').toString('hex')).not.toBe(expected);
  expect(dayKeyMessage('2025-11-22')).toBe('audit/v1|2025-11-22');
});

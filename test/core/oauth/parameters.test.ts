import { expect, test } from 'vitest';
import { allOf, onceEach, single } from '../../../functions/core/oauth/parameters.ts';

const SENT = [
  ['resource', 'a'],
  ['state', 'x'],
  ['resource', ''],
  ['resource', 'b'],
  ['prompt', ''],
  ['twice', ''],
  ['twice', 'x'],
] as const;

test('a parameter that may be repeated has every value it was given, and an empty one is none (RFC 6749 section 3.1)', () => {
  expect(allOf(SENT, 'resource')).toEqual(['a', 'b']);
  expect(allOf(SENT, 'prompt')).toEqual([]);
  expect(allOf(SENT, 'absent')).toEqual([]);
});

test('any other has one value or none, and sent twice it is refused, empty or not', () => {
  expect(single(SENT, 'state')).toEqual({ ok: true, value: 'x' });
  for (const name of ['prompt', 'absent']) expect(single(SENT, name)).toEqual({ ok: true, value: undefined });
  const repeated = { ok: false, error: { reason: 'repeated-parameter', parameter: 'twice' } };
  expect(single(SENT, 'twice')).toEqual(repeated);
  expect(onceEach(SENT, ['state', 'twice'])).toEqual(repeated);
});

test('what was asked for is what is read, and nothing else, not even what every object has', () => {
  const values = onceEach([...SENT, ['__proto__', 'x']], ['state', 'prompt']);
  expect(values).toEqual({ ok: true, value: { state: 'x', prompt: undefined } });
  expect(values.ok && 'toString' in values.value).toBe(false);
});

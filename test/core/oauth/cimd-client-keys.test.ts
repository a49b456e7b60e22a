import { describe, expect, test } from 'vitest';
import { readClientKeys } from '../../../functions/core/oauth/cimd/client-keys.ts';

const EC = { kty: 'EC', crv: 'P-256', x: 'eA_-0', y: 'eQ' };
const RSA = { kty: 'RSA', n: 'bg', e: 'AQAB' };
const keys = (...list: unknown[]) => readClientKeys({ keys: list });

describe('the keys of a client', () => {
  test('are read by their public members alone', () => {
    expect(
      keys({ ...EC, kid: 'one', alg: 'ES256', use: 'sig', x5u: 'https://evil.example' }, { ...RSA, alg: 'RS256' }, RSA),
    ).toStrictEqual({
      ok: true,
      value: [
        { kty: 'EC', crv: 'P-256', alg: 'ES256', kid: 'one', x: 'eA_-0', y: 'eQ' },
        { kty: 'RSA', alg: 'RS256', n: 'bg', e: 'AQAB' },
        { kty: 'RSA', alg: 'RS256', n: 'bg', e: 'AQAB' },
      ],
    });
  });

  test.each([
    ['for encryption', { ...EC, use: 'enc' }],
    ['of another curve', { ...EC, crv: 'P-384' }],
    ['of another algorithm', { ...EC, alg: 'ES384' }],
    ['of another algorithm, RSA', { ...RSA, alg: 'PS256' }],
    ['of another type', { kty: 'OKP', crv: 'Ed25519', x: 'eA' }],
    ['without its half', { kty: 'EC', crv: 'P-256', x: 'eA' }],
    ['with a coordinate that is no base64url', { ...EC, x: 'a+b=' }],
    ['with a coordinate that begins badly', { ...EC, x: '=a' }],
    ['with a coordinate that ends badly', { ...EC, x: 'a=' }],
    ['with an empty coordinate', { ...EC, y: '' }],
    ['with a modulus beyond reason', { ...RSA, n: 'a'.repeat(1025) }],
    ['with a name that is empty', { ...EC, kid: '' }],
    ['with a name beyond reason', { ...EC, kid: 'a'.repeat(257) }],
  ])('%s are left out, and the others stay', (_, odd) => {
    expect(keys(odd, RSA)).toEqual({ ok: true, value: [{ ...RSA, alg: 'RS256' }] });
  });

  test('may be as long as the longest that is in use', () => {
    const long = { ...RSA, n: 'a'.repeat(1024), kid: 'k'.repeat(256) };
    expect(keys(long)).toEqual({ ok: true, value: [{ ...long, alg: 'RS256' }] });
  });

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'are all refused when one of them shows its %s',
    (member) => {
      expect(keys(RSA, { ...EC, [member]: 'AA' })).toEqual({ ok: false, error: expect.stringMatching(/./) });
    },
  );

  test('are ten at most', () => {
    expect(keys(...Array.from({ length: 10 }, () => EC))).toMatchObject({ ok: true });
    expect(keys(...Array.from({ length: 11 }, () => EC))).toEqual({ ok: false, error: expect.stringMatching(/./) });
  });

  test.each([[undefined], [null], [[]], [{}], [{ keys: {} }], [{ keys: [7] }], [{ keys: ['a'] }]])(
    '%j is no key set',
    (jwks) => {
      expect(readClientKeys(jwks)).toEqual({ ok: false, error: expect.stringMatching(/./) });
    },
  );
});

import { expect, test } from 'vitest';
import { createTokenVerifier } from '../../../functions/adapters/access-token.ts';
import { cacheVerified } from '../../../functions/adapters/token-cache.ts';
import type { VerifyToken } from '../../../functions/core/tools/token.ts';
import { clock } from './fixture/stack.ts';
import { AUDIENCE, ISSUER, now, signer, token } from './fixture/tokens.ts';

const verifier = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: [signer.key], clock });

/** The cache over the real verifier, with a clock that a test turns and a count of real verifications. */
function aCache() {
  let shift = 0;
  const counted = { verifications: 0 };
  const verify: VerifyToken = (bearer) => {
    counted.verifications++;
    return verifier(bearer);
  };
  const turn = (millis: number) => {
    shift += millis;
  };
  const turned = { millis: () => Date.now() + shift, seconds: () => Math.floor((Date.now() + shift) / 1000) };
  return { cached: cacheVerified(verify, turned), counted, turn };
}

test('B29 a token is verified once and remembered', () => {
  const { cached, counted } = aCache();
  const bearer = token();
  expect(cached(bearer)).toEqual(cached(bearer));
  expect(counted.verifications).toBe(1);
});

test("B29 one person's token never answers for another's", () => {
  const { cached } = aCache();
  const [ada, bob] = [token({ sub: 'ada' }), token({ sub: 'bob' })];
  for (const bearer of [ada, bob, ada, bob]) {
    expect(cached(bearer)).toMatchObject({ value: { caller: { subject: bearer === ada ? 'ada' : 'bob' } } });
  }
});

test('B29 one changed byte of the signature is another token, and a refusal is not remembered', () => {
  const { cached, counted } = aCache();
  const bearer = token();
  expect(cached(bearer).ok).toBe(true);
  const at = bearer.length - 10;
  const forged = `${bearer.slice(0, at)}${bearer[at] === 'A' ? 'B' : 'A'}${bearer.slice(at + 1)}`;
  expect(cached(forged)).toMatchObject({ error: { reason: 'bad-signature' } });
  expect(cached(forged).ok).toBe(false);
  expect(counted.verifications).toBe(3);
});

test('B29 a remembered token ends with its exp', () => {
  const { cached, counted, turn } = aCache();
  const bearer = token({ exp: now() + 30 });
  expect(cached(bearer).ok).toBe(true);
  turn(31_000);
  cached(bearer);
  expect(counted.verifications).toBe(2);
});

test('B29 after a minute a token is verified anew, however often it was used', () => {
  const { cached, counted, turn } = aCache();
  const bearer = token();
  for (let second = 0; second < 59; second += 10) {
    cached(bearer);
    turn(10_000);
  }
  expect(counted.verifications).toBe(1);
  cached(bearer);
  expect(counted.verifications).toBe(2);
});

test('a clock that jumps back does not lengthen a memory', () => {
  const { cached, counted, turn } = aCache();
  const bearer = token();
  cached(bearer);
  turn(-10_000);
  cached(bearer);
  expect(counted.verifications).toBe(2);
});

test('a thousand tokens are remembered, and the one unused for longest goes first', () => {
  const { cached, counted } = aCache();
  const bearers = Array.from({ length: 1000 }, (_, index) => token({ jti: `${index}` }));
  for (const bearer of bearers) cached(bearer);
  const [first = '', second = ''] = bearers;
  cached(first);
  cached(token({ jti: 'one more' }));
  expect(counted.verifications).toBe(1001);
  cached(first);
  expect(counted.verifications).toBe(1001);
  cached(second);
  expect(counted.verifications).toBe(1002);
});

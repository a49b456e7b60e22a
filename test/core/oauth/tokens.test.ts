import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawGrantId, parseClientId, parseGrantId } from '../../../functions/core/oauth/identifiers.ts';
import { challengeOf, isChallenge, verifierMatches } from '../../../functions/core/oauth/pkce.ts';
import { requestedResource } from '../../../functions/core/oauth/resource.ts';
import { seal, unseal } from '../../../functions/core/oauth/seal.ts';
import {
  drawTokenString,
  looksLikeJwt,
  parseTokenString,
  writeTokenString,
} from '../../../functions/core/oauth/token-string.ts';
import type { Random } from '../../../functions/core/ports.ts';

const random: Random = (bytes) => randomBytes(bytes);

describe('a token string', () => {
  test('is read as it was written, and has 256 bits in each secret', () => {
    for (let i = 0; i < 100; i++) {
      const token = drawTokenString(drawGrantId(random), random);
      expect(parseTokenString(writeTokenString(token))).toEqual(token);
      expect(Buffer.from(token.rotatingSecret, 'base64url')).toHaveLength(32);
      expect(Buffer.from(token.familySecret, 'base64url')).toHaveLength(32);
      expect(looksLikeJwt(writeTokenString(token))).toBe(false);
    }
  });

  test('of any other form is none', () => {
    const good = writeTokenString(drawTokenString(drawGrantId(random), random));
    for (const bad of [
      '',
      '..',
      good.slice(1),
      `${good}.`,
      `${good}.x`,
      `${good}x`,
      ` ${good}`,
      good.replace('.', '#'),
    ]) {
      expect(parseTokenString(bad)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => void expect(parseTokenString(text)).toBeUndefined()));
  });

  test('is told from a JWT', () => {
    expect(looksLikeJwt('eyJhbGciOiJFUzI1NiJ9.e30.c2ln')).toBe(true);
    for (const text of ['a.b.c', 'eyJhbGciOiJFUzI1NiJ9.e30', '', 'bnVsbA.e30.x', 'MQ.e30.x', 'InMi.e30.x'])
      expect(looksLikeJwt(text)).toBe(false);
  });
});

test('an id from outside never reaches into another key', () => {
  for (const id of ['a#b', 'a.b', 'a/b', '', 'é', 'a b', 'a\n', 'x'.repeat(129), 'TXN#1']) {
    expect(parseClientId(id)).toBeUndefined();
  }
  for (const id of ['client-a', 'abc_DEF-123', 'x'.repeat(128)]) expect(parseClientId(id)).toBe(id);
  for (const id of ['x'.repeat(21), 'x'.repeat(23), `${'x'.repeat(21)}#`]) expect(parseGrantId(id)).toBeUndefined();
});

describe('a sealed successor', () => {
  test('opens with the token it replaced, for its grant, and with nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.nat(), (plain, secret, context, at) => {
        const sealed = seal(plain, secret, context, random);
        const opened = plain === '' ? undefined : plain;
        expect(unseal(sealed, secret, context)).toBe(opened);
        expect(unseal(sealed, `${secret}x`, context)).toBeUndefined();
        expect(unseal(sealed, secret, `${context}x`)).toBeUndefined();
        const bytes = Buffer.from(sealed, 'base64url');
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
        expect(unseal(bytes.toString('base64url'), secret, context)).toBeUndefined();
      }),
    );
    expect(unseal('', 'secret', 'grant')).toBeUndefined();
    expect(unseal('AAAA', 'secret', 'grant')).toBeUndefined();
  });

  test('opens after an update: nonce, AES-256-GCM, tag, under a key of HKDF-SHA-256 without salt and with a label', () => {
    const nonce = Buffer.alloc(12, 7);
    const key = hkdfSync('sha256', 'old token', '', 'gatehouse refresh successor', 32);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), nonce).setAAD(Buffer.from('grant'));
    const sealed = Buffer.concat([nonce, cipher.update('new token ü'), cipher.final(), cipher.getAuthTag()]);
    expect(seal('new token ü', 'old token', 'grant', () => nonce)).toBe(sealed.toString('base64url'));
    expect(unseal(sealed.toString('base64url'), 'old token', 'grant')).toBe('new token ü');
  });
});

describe('PKCE', () => {
  test('is the example of RFC 7636 appendix B', () => {
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    expect(challengeOf(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    expect(verifierMatches(verifier, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')).toBe(true);
  });

  test('a verifier fits its own challenge and no other', () => {
    const verifier = fc.stringMatching(/^[A-Za-z0-9._~-]{43,128}$/);
    fc.assert(
      fc.property(verifier, verifier, (one, other) => {
        expect(isChallenge(challengeOf(one))).toBe(true);
        expect(verifierMatches(one, challengeOf(other))).toBe(one === other);
        expect(verifierMatches(one, one.slice(0, 43))).toBe(false);
      }),
    );
  });

  test.each(['', 'x'.repeat(42), 'x'.repeat(44), `!${'x'.repeat(43)}`, `${'x'.repeat(43)}=`, `${'x'.repeat(42)}+`])(
    '%j is no challenge',
    (challenge) => {
      expect(isChallenge(challenge)).toBe(false);
    },
  );

  test.each(['', 'x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(43)}+`])('%j is no verifier', (verifier) => {
    expect(verifierMatches(verifier, challengeOf(verifier))).toBe(false);
  });
});

describe('the resource', () => {
  const own = 'https://mcp.example/mcp';

  test.each([[], [own], [`${own}/`], ['HTTPS://MCP.EXAMPLE/mcp']])('%j is ours', (...values) => {
    expect(requestedResource(values, own)).toEqual({ ok: true, value: own });
  });

  test.each([
    ...['https://mcp.example', 'https://mcp.example/', 'https://mcp.example/MCP', `${own}//`, `${own}?x=1`, `${own}#x`],
    ...['1https://mcp.example/mcp', ' https://mcp.example/mcp', 'x https://mcp.example/mcp/'],
    ...['https://u@mcp.example/mcp', 'https://mcp.example:443/mcp', 'mcp', '/mcp', 'https://evil.example/mcp'],
  ])('%s is not', (value) => {
    expect(requestedResource([value], own)).toMatchObject({ ok: false, error: { reason: 'resource-unknown' } });
  });

  test('the very text of ours is ours, whatever it looks like', () => {
    for (const odd of ['https://mcp.example/mcp/', 'https://MCP.example/mcp']) {
      expect(requestedResource([odd], odd)).toEqual({ ok: true, value: odd });
    }
  });

  test('two are one too many, even if both are ours', () => {
    expect(requestedResource([own, own], own)).toMatchObject({ error: { reason: 'resource-repeated' } });
  });
});

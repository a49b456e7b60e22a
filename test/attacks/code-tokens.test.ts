import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { p1363OfDer } from '../../functions/adapters/kms-signer.ts';
import { type AccessTokenClaims, signAccessToken } from '../../functions/core/oauth/access-token.ts';
import { accessTokenOf, expectRefused, read, refreshTokenOf } from './support/t-form.ts';
import { tokenPortsOf } from './support/t-ports.ts';
import { nowSeconds, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** The access token itself: what is in it, how it is signed, and what clocks that disagree make of it. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

const keySet = () => createRemoteJWKSet(new URL(`${here.cloud.issuer}/.well-known/jwks.json`));

describe('the content', () => {
  test('T18 is for one resource, of one kind, for ten minutes, and about nobody but a subject id', async () => {
    const { grant, code } = await here.mintCode();
    const token = accessTokenOf(await here.redeem(code));
    const { payload, protectedHeader } = await jwtVerify(token, keySet(), {
      issuer: here.cloud.issuer,
      audience: here.cloud.mcpUrl,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{43}$/) });
    const { iat = 0, exp = 0, jti, ...claims } = payload;
    expect(claims).toEqual({
      iss: here.cloud.issuer,
      aud: here.cloud.mcpUrl,
      sub: grant.subject,
      client_id: grant.clientId,
      scope: grant.scope.join(' '),
      roles: ['editor'],
      tenant: 'north',
    });
    expect(exp - iat).toBe(600);
    expect(jti).toMatch(/^[\w-]{22}$/);
    expect(JSON.stringify(payload)).not.toContain('@');
  });

  test('T18 has a jti that no other token has', async () => {
    const { token } = await here.mintFamily();
    const seen = new Set<unknown>();
    let current = token;
    for (let each = 0; each < 20; each++) {
      const answer = await here.refresh(current);
      seen.add(decodeJwt(accessTokenOf(answer)).jti);
      current = refreshTokenOf(answer);
    }
    expect(seen.size).toBe(20);
  });
});

describe('the signature', () => {
  test('T19 of a hundred tokens from the endpoint is 64 bytes and verifies', { timeout: 60_000 }, async () => {
    const keys = keySet();
    let { token } = await here.mintFamily();
    for (let each = 0; each < 100; each++) {
      const answer = await here.refresh(token);
      token = refreshTokenOf(answer);
      const jwt = accessTokenOf(answer);
      expect(Buffer.from(jwt.split('.')[2] ?? '', 'base64url')).toHaveLength(64);
      await jwtVerify(jwt, keys, { issuer: here.cloud.issuer, audience: here.cloud.mcpUrl });
    }
  });

  test('T19 of ten thousand, short integers among them, is 64 bytes and verifies', { timeout: 60_000 }, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key: { key: KeyObject; dsaEncoding: 'ieee-p1363' } = { key: publicKey, dsaEncoding: 'ieee-p1363' };
    const lengths = new Set<number>();
    for (let each = 0; each < 10_000; each++) {
      const input = randomBytes(32);
      const der = sign('sha256', input, { key: privateKey, dsaEncoding: 'der' });
      const signature = p1363OfDer(der);
      lengths.add(der.length);
      if (signature.length !== 64 || !verify('sha256', input, key, signature)) {
        throw new Error(`wrong after ${each}: ${der.toString('hex')}`);
      }
    }
    // 72 bytes at most; 69 and fewer only when an integer lost a whole byte, which is what padding is about.
    expect(Math.max(...lengths)).toBe(72);
    expect(Math.min(...lengths)).toBeLessThan(70);
  });

  test('T19 is made with the key that is published, and that one has no private member', async () => {
    const { keys } = (await (await fetch(`${here.cloud.issuer}/.well-known/jwks.json`)).json()) as {
      readonly keys: readonly Record<string, string>[];
    };
    const { key } = tokenPortsOf(here.cloud);
    expect(keys).toEqual([{ ...key }]);
    expect(createPublicKey({ key: { ...key }, format: 'jwk' }).asymmetricKeyType).toBe('ec');
  });
});

describe('clocks that disagree', () => {
  /** A token as the function `token` signs it, on a clock that is `skew` seconds ahead. */
  const signedAt = async (skew: number): Promise<string> => {
    const ports = tokenPortsOf(here.cloud);
    const iat = nowSeconds() + skew;
    const claims: AccessTokenClaims = {
      iss: here.cloud.issuer,
      aud: here.cloud.mcpUrl,
      sub: 'ada',
      client_id: 'client-a',
      scope: 'orders:read',
      iat,
      exp: iat + 600,
      jti: randomBytes(16).toString('base64url'),
      roles: ['editor'],
      tenant: 'north',
    };
    const signed = await signAccessToken(ports.signer, claims);
    if (!signed.ok) throw new Error(signed.error.detail);
    return signed.value;
  };
  const call = async (token: string) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'whoami', arguments: {} },
    });
    return read(await fetch(here.cloud.mcpUrl, { method: 'POST', headers, body }));
  };

  test.each([-25, 25])('X9 a token signed on a clock that is %i s off is good', async (skew) => {
    expect((await call(await signedAt(skew))).status).toBe(200);
  });

  test.each([300, -900])('X9 a token signed on a clock that is %i s off is refused', async (skew) => {
    const answer = await call(await signedAt(skew));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test.each([-30, 30])('X9 a code minted on a clock that is %i s off is redeemed', async (skew) => {
    const now = nowSeconds();
    const { code } = await here.mintCode({ codeExpires: now + skew + 60, expires: now + skew + 600 });
    expect((await here.redeem(code)).status).toBe(200);
  });

  test('X9 a code minted on a clock that is five minutes behind is refused, not stretched', async () => {
    const { code } = await here.mintCode({ codeExpires: nowSeconds() - 300 + 60 });
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
  });
});

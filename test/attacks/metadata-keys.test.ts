import { KMSClient } from '@aws-sdk/client-kms';
import { calculateJwkThumbprint } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createKmsSigner } from '../../functions/adapters/kms-signer.ts';
import { signAccessToken } from '../../functions/core/oauth/access-token.ts';
import type { PublicKey } from '../../functions/core/oauth/public-keys.ts';
import type { Signer } from '../../functions/core/ports.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { createFaults } from '../../infra/local/aws/faults.ts';
import { aSigningKey, type SigningKey } from '../support/builders.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { type Redeployed, redeploy } from './support/p-redeployed.ts';
import { functionNamed, variablesOf } from './support/p-registry.ts';

/** The keys that tokens are verified with: which are published, and what happens when there are others, or none. */
const faults = createFaults();
const JWKS = '/.well-known/jwks.json';
let cloud: OwnCloud;
let published: { readonly keys: readonly PublicKey[] };
let current: Signer;
let other: SigningKey;
let redeployed: Redeployed | undefined;

beforeAll(async () => {
  cloud = await startOwnCloud({ faults, identityProvider: false });
  published = (await (await fetch(`${cloud.issuer}${JWKS}`)).json()) as typeof published;
  const kms = new KMSClient({
    endpoint: cloud.endpoint.url,
    region: 'us-east-1',
    credentials: cloud.credentials.forFunction(functionNamed(cloud, 'token')),
  });
  const keyArn = variablesOf(cloud, 'token').TOKEN_SIGNING_KEY_ARN ?? '';
  current = createKmsSigner(kms, keyArn, published.keys[0]?.kid ?? '');
  other = await aSigningKey();
});
afterAll(() => cloud.close());
afterEach(async () => {
  await redeployed?.close();
  redeployed = undefined;
});

async function deliver(keys: readonly unknown[]): Promise<string> {
  redeployed = await redeploy(cloud, { TOKEN_KEYS: JSON.stringify({ keys }) });
  return redeployed.issuer;
}

/** What /mcp of this issuer says to a token of this signer. */
async function call(issuer: string, signer: Signer): Promise<number> {
  const iat = Math.floor(Date.now() / 1000);
  const token = await signAccessToken(signer, {
    iss: issuer,
    aud: `${issuer}/mcp`,
    sub: 'ada',
    client_id: 'client-a',
    scope: 'orders:read',
    iat,
    exp: iat + 600,
    jti: 'token-1',
    roles: ['reader'],
    tenant: 'north',
  });
  if (!token.ok) throw new Error(token.error.detail);
  const response = await fetch(`${issuer}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token.value}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  return response.status;
}

describe('the published keys', () => {
  test('M9 are public members only, cacheable for an hour at most', async () => {
    const response = await fetch(`${cloud.issuer}${JWKS}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    const [scope, maxAge] = response.headers.get('cache-control')?.split(', max-age=') ?? [];
    expect([scope, Number(maxAge)]).toEqual(['public', expect.any(Number)]);
    expect(Number(maxAge)).toBeLessThanOrEqual(3600);
    const { keys } = (await response.json()) as { keys: object[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    }
  });

  test('M12 are named by their RFC 7638 thumbprint, and by nothing of the account', async () => {
    for (const { kid, ...jwk } of published.keys) expect(kid).toBe(await calculateJwkThumbprint(jwk));
    const arn = variablesOf(cloud, 'token').TOKEN_SIGNING_KEY_ARN ?? '';
    expect(arn).toMatch(/^arn:aws:kms:/);
    const text = JSON.stringify(published);
    for (const part of ['arn:', arn.split(':')[4], arn.split('/').at(-1)]) expect(text).not.toContain(part);
  });

  test('M11 are answered while KMS is down, because no AWS call is on the way', async () => {
    const calls = ['kms:Sign', 'kms:GetPublicKey', 'kms:DescribeKey'];
    for (const name of calls) faults.failNext(name, new AwsError('KMSInternalException', 'down', 500));
    cloud.endpoint.resetCounts();
    for (let i = 0; i < 20; i++) expect((await fetch(`${cloud.issuer}${JWKS}`)).status).toBe(200);
    expect(cloud.endpoint.counts()).toEqual({});
    // All of them are still there to be met: nobody called.
    for (const name of calls) expect(faults.take(name)).toBeDefined();
  });
});

describe('a rotation', () => {
  test('M10 accepts tokens of both keys while both are delivered, and of one when the other is gone', async () => {
    const both = await deliver([...published.keys, other.publicKey]);
    const { keys } = (await (await fetch(`${both}${JWKS}`)).json()) as typeof published;
    expect(keys).toEqual([...published.keys, other.publicKey]);
    expect([await call(both, current), await call(both, other.signer)]).toEqual([200, 200]);
    await redeployed?.close();

    const after = await deliver([other.publicKey]);
    expect([await call(after, current), await call(after, other.signer)]).toEqual([401, 200]);
  });
});

describe('a deployment without usable keys', () => {
  const key = () => ({ ...published.keys[0] });
  test.each<[string, () => string | undefined]>([
    ['no variable', () => undefined],
    ['nothing', () => ''],
    ['no JSON', () => '{"keys":['],
    ['no list', () => '{}'],
    ['no key', () => '{"keys":[]}'],
    ['half a key', () => JSON.stringify({ keys: [{ ...key(), x: undefined }] })],
    ['a key of another kind', () => JSON.stringify({ keys: [{ ...key(), kty: 'RSA' }] })],
    ['a private key', () => JSON.stringify({ keys: [{ ...key(), d: 'AAAA' }] })],
    ['a usable key and none', () => JSON.stringify({ keys: [key(), {}] })],
  ])('M11 with %s delivered answers 5xx, and nothing that a cache would keep', async (_, keys) => {
    redeployed = await redeploy(cloud, { TOKEN_KEYS: keys() });
    for (const path of [JWKS, JWKS, '/.well-known/oauth-authorization-server']) {
      const response = await fetch(`${redeployed.issuer}${path}`);
      expect(response.status).toBe(500);
      expect(response.headers.get('cache-control') ?? 'no-store').toBe('no-store');
      expect(await response.text()).not.toMatch(/keys|AAAA|issuer/);
    }
    expect(await call(redeployed.issuer, current)).toBe(500);
  });

  test.each([
    ['a point that is not on the curve', { x: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['a coordinate that is too short', { x: 'AAAA' }],
  ])('M11 with %s delivered answers 5xx', async (_, changes) => {
    const issuer = await deliver([{ ...key(), ...changes }]);
    expect((await fetch(`${issuer}${JWKS}`)).status).toBe(500);
    expect(await call(issuer, current)).toBe(500);
  });
});

import { verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { accessTokenClaims, signAccessToken } from '../../../functions/core/oauth/access-token.ts';
import { authorizationResponse } from '../../../functions/core/oauth/authorization-response.ts';
import { admitted, labelOf, reachOf } from '../../../functions/core/oauth/client.ts';
import { digest, sameDigest } from '../../../functions/core/oauth/digest.ts';
import { absoluteEnd, codeDigest, idleEnd, mintGrant } from '../../../functions/core/oauth/grant.ts';
import { authorizationServerMetadata, protectedResourceMetadata } from '../../../functions/core/oauth/metadata.ts';
import { publishedKeySet } from '../../../functions/core/oauth/public-keys.ts';
import { parseTokenString } from '../../../functions/core/oauth/token-string.ts';
import { aClient, aGrant, aSigningKey, aTransaction, random } from '../../support/builders.ts';

const NOW = 1_000_000;
const DAY = 86_400;
const ISSUER = 'https://mcp.example';
const RESOURCE = `${ISSUER}/mcp`;

describe('an access token', () => {
  const claims = (changes = {}, absoluteExpires = NOW + DAY) =>
    accessTokenClaims(aGrant(changes), ['orders:read', 'tickets:read'], ISSUER, absoluteExpires, NOW, random);

  test('says who, by which client, for what, where, and until when', () => {
    expect(claims()).toEqual({
      iss: ISSUER,
      aud: RESOURCE,
      sub: 'ada',
      client_id: 'client-a',
      scope: 'orders:read tickets:read',
      iat: NOW,
      exp: NOW + 600,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      roles: ['editor'],
      tenant: 'north',
    });
    expect(claims().jti).not.toBe(claims().jti);
  });

  test('names no tenant where there is none, and never outlives its family', () => {
    expect(claims({ tenant: undefined })).not.toHaveProperty('tenant');
    expect(claims({}, NOW + 599).exp).toBe(NOW + 599);
    expect(claims({}, NOW + 601).exp).toBe(NOW + 600);
  });

  test('is signed over both of its parts', async () => {
    const { signer, publicKey } = await aSigningKey();
    const signed = await signAccessToken(signer, claims());
    if (!signed.ok) throw new Error(signed.error.detail);
    const [header = '', payload = '', signature = '', ...rest] = signed.value.split('.');
    expect(rest).toEqual([]);
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: signer.kid });
    expect(read(payload)).toMatchObject({ sub: 'ada' });
    const key = { key: { ...publicKey }, format: 'jwk', dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  test('that cannot be signed is a refusal with the reason in it, not an accident', async () => {
    const sign = async () => {
      throw new Error('ThrottlingException');
    };
    expect(await signAccessToken({ kid: 'k', sign }, claims())).toEqual({
      ok: false,
      error: { reason: 'signing-unavailable', detail: expect.stringContaining('ThrottlingException') },
    });
  });
});

describe('a grant', () => {
  const identity = { subject: 'ada', roles: ['editor'], tenant: 'north' };
  const transaction = aTransaction();

  test('is what was agreed to, with a code that is good for a minute and explained for ten', () => {
    const { grant, code } = mintGrant(transaction, identity, ['orders:read'], NOW, random);
    const parts = parseTokenString(code);
    if (parts === undefined) throw new Error(code);
    const { clientId, resource, redirectUri, challenge } = transaction;
    expect(grant).toEqual({
      ...identity,
      id: parts.grantId,
      status: 'code',
      clientId,
      scope: ['orders:read'],
      resource,
      redirectUri,
      challenge,
      code: digest(`${parts.familySecret}.${parts.rotatingSecret}`),
      codeExpires: NOW + 60,
      familySecret: digest(parts.familySecret),
      family: undefined,
      expires: NOW + 600,
    });
  });

  test('knows its code by both halves together', () => {
    const whole = codeDigest({ familySecret: 'a', rotatingSecret: 'b' });
    expect(whole).toBe(digest('a.b'));
    expect(codeDigest({ familySecret: 'a.b', rotatingSecret: '' })).not.toBe(whole);
  });

  test('ends thirty days after its last use, and ninety after its first', () => {
    expect(absoluteEnd(NOW)).toBe(NOW + 90 * DAY);
    expect(idleEnd(NOW, NOW + 90 * DAY)).toBe(NOW + 30 * DAY);
    expect(idleEnd(NOW, NOW + 10)).toBe(NOW + 10);
  });
});

test('digests are compared by what they are, whatever their length', () => {
  expect(sameDigest(digest('a'), digest('a'))).toBe(true);
  expect(sameDigest(digest('a'), digest('b'))).toBe(false);
  expect(sameDigest(digest('a'), digest('a').slice(1))).toBe(false);
  expect(sameDigest('', '')).toBe(true);
});

describe('a client of the registry', () => {
  test('is admitted until its last second, and not when the operator says no', () => {
    const client = aClient({ expires: NOW + 1 });
    expect(admitted(client, client.id, NOW)).toEqual({ ok: true, value: client });
    expect(admitted(client, client.id, NOW + 1)).toEqual({
      ok: false,
      error: { reason: 'client-expired', clientId: 'client-a', expires: NOW + 1, now: NOW + 1 },
    });
    expect(admitted({ ...client, status: 'off' }, client.id, NOW)).toEqual({
      ok: false,
      error: { reason: 'client-disabled', clientId: 'client-a' },
    });
    expect(admitted(undefined, client.id, NOW)).toEqual({
      ok: false,
      error: { reason: 'client-unknown', clientId: 'client-a' },
    });
  });

  test('reaches its ceiling, as far as it exists, or everything', () => {
    const catalogue = ['a', 'b', 'c'];
    expect(reachOf(aClient(), catalogue)).toEqual(catalogue);
    expect(reachOf(aClient({ ceiling: ['c', 'a', 'gone'] }), catalogue)).toEqual(['a', 'c']);
    expect(reachOf(aClient({ ceiling: [] }), catalogue)).toEqual([]);
  });

  test('is called by its name, or by its id', () => {
    expect(labelOf(aClient())).toBe('Example');
    expect(labelOf(aClient({ name: undefined }))).toBe('client-a');
  });
});

describe('the address of an answer', () => {
  const at = (redirectUri: string, state?: string) =>
    authorizationResponse({ redirectUri, state }, ISSUER, { code: 'a b' });

  test('is the redirect URI, byte for byte, and what is added, encoded', () => {
    expect(at('https://client.example/cb')).toBe('https://client.example/cb?code=a%20b&iss=https%3A%2F%2Fmcp.example');
    expect(at('https://client.example/cb?x=%20', 'a&b')).toBe(
      'https://client.example/cb?x=%20&code=a%20b&state=a%26b&iss=https%3A%2F%2Fmcp.example',
    );
  });

  test('says what went wrong, and who says so', () => {
    const answer = { error: 'access_denied', description: 'No.' } as const;
    expect(authorizationResponse({ redirectUri: 'app:/cb', state: '' }, ISSUER, answer)).toBe(
      'app:/cb?error=access_denied&error_description=No.&state=&iss=https%3A%2F%2Fmcp.example',
    );
  });
});

describe('the discovery documents', () => {
  const server = {
    issuer: ISSUER,
    resource: RESOURCE,
    catalogue: ['orders:read', 'tickets:read'],
    defaultScope: ['orders:read'],
    registration: 'vetted',
    documents: true,
  } as const;

  test('are what clients were told: every member, and no other', () => {
    const methods = ['none', 'private_key_jwt'];
    expect(authorizationServerMetadata(server)).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      revocation_endpoint: `${ISSUER}/revoke`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      registration_endpoint: `${ISSUER}/register`,
      client_id_metadata_document_supported: true,
      scopes_supported: ['orders:read', 'tickets:read', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: methods,
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
    expect(protectedResourceMetadata(server)).toEqual({
      resource: RESOURCE,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read'],
    });
  });

  test('offer no way in that is closed', () => {
    const closed = authorizationServerMetadata({ ...server, registration: 'off', documents: false });
    expect(closed).not.toHaveProperty('registration_endpoint');
    expect(closed).not.toHaveProperty('client_id_metadata_document_supported');
    expect(authorizationServerMetadata({ ...server, registration: 'token' })).toHaveProperty('registration_endpoint');
  });

  test('publish the public members of a key, and nothing that came with it', async () => {
    const { publicKey } = await aSigningKey();
    expect(publishedKeySet([{ ...publicKey, ...{ d: 'secret' } }])).toEqual({ keys: [publicKey] });
  });
});

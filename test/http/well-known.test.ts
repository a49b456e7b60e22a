import {
  OAuthMetadataSchema,
  OAuthProtectedResourceMetadataSchema,
  OpenIdProviderDiscoveryMetadataSchema,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { describe, expect, test } from 'vitest';
import type { Published } from '../../functions/well-known/documents.ts';
import { createWellKnown } from '../../functions/well-known/serve.ts';
import { ISSUER, RESOURCE, SCOPES } from '../support/authorization-server.ts';
import { aSigningKey } from '../support/builders.ts';

async function serve(changes: Partial<Published> = {}) {
  const { publicKey } = await aSigningKey();
  const catalogue = Object.keys(SCOPES);
  const published: Published = {
    issuer: ISSUER,
    resource: RESOURCE,
    catalogue,
    defaultScope: ['orders:read', 'tickets:read'],
    registration: 'vetted',
    documents: true,
    keys: [publicKey],
    ...changes,
  };
  const handler = createWellKnown(published);
  const at = (rawPath: string, method = 'GET') =>
    handler({ rawPath, requestContext: { http: { method } } } as Parameters<typeof handler>[0]);
  const read = async (path: string) => JSON.parse((await at(path)).body ?? '');
  return { at, read, publicKey };
}

describe('GET /.well-known', () => {
  test('M1 M2 the authorization server says what it offers', async () => {
    const { read } = await serve();
    const metadata = await read('/.well-known/oauth-authorization-server');
    expect(OAuthMetadataSchema.parse(metadata)).toBeTruthy();
    expect(metadata).toMatchObject({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      revocation_endpoint: `${ISSUER}/revoke`,
      registration_endpoint: `${ISSUER}/register`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      revocation_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      authorization_response_iss_parameter_supported: true,
    });
    expect(metadata.scopes_supported).toContain('offline_access');
    expect(Object.keys(metadata).filter((name) => name.startsWith('dpop'))).toEqual([]);
  });

  test('R35 with registration off there is no registration endpoint', async () => {
    const { read } = await serve({ registration: 'off' });
    expect(await read('/.well-known/oauth-authorization-server')).not.toHaveProperty('registration_endpoint');
  });

  test('M4 the resource names itself and its authorization server, at both addresses', async () => {
    const { at, read } = await serve();
    const path = '/.well-known/oauth-protected-resource';
    expect((await at(path)).body).toBe((await at(`${path}/mcp`)).body);
    const metadata = await read(path);
    expect(OAuthProtectedResourceMetadataSchema.parse(metadata)).toBeTruthy();
    expect(metadata).toEqual({
      resource: RESOURCE,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read', 'tickets:read'],
    });
  });

  test('M5 OpenID Connect discovery is the same bytes, and passes for such', async () => {
    const { at, read } = await serve();
    const path = '/.well-known/openid-configuration';
    expect((await at(path)).body).toBe((await at('/.well-known/oauth-authorization-server')).body);
    expect(OpenIdProviderDiscoveryMetadataSchema.parse(await read(path))).toBeTruthy();
  });

  test('M8 every address is https and plain', async () => {
    const { at } = await serve();
    const { body = '' } = await at('/.well-known/oauth-authorization-server');
    for (const [, url = ''] of body.matchAll(/"(https?:[^"]*)"/g))
      expect(url).toMatch(/^https:\/\/mcp\.example[\w/.-]*$/);
    expect(body).not.toMatch(/[<>]/);
  });

  test('M9 M12 keys are public members only, named by thumbprint, cacheable for an hour', async () => {
    const { at, publicKey } = await serve();
    const response = await at('/.well-known/jwks.json');
    expect(JSON.parse(response.body ?? '')).toEqual({ keys: [publicKey] });
    expect(response.headers?.['cache-control']).toBe('public, max-age=3600');
    const leaking = await serve({ keys: [{ ...publicKey, d: 'private' } as typeof publicKey] });
    expect((await leaking.at('/.well-known/jwks.json')).body).not.toContain('private');
  });

  test('M10 two keys overlap while they are rotated', async () => {
    const [old, next] = [await aSigningKey(), await aSigningKey()];
    const { read } = await serve({ keys: [next.publicKey, old.publicKey] });
    const { keys } = await read('/.well-known/jwks.json');
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual([next.publicKey.kid, old.publicKey.kid]);
  });

  test('M11 without keys the function does not start', async () => {
    await expect(serve({ keys: [] })).rejects.toThrow('TOKEN_KEYS is empty');
  });

  test('M13 X14 only reading is offered', async () => {
    const { at } = await serve();
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await at('/.well-known/jwks.json', method);
      expect([response.statusCode, response.headers?.allow]).toEqual([405, 'GET, HEAD']);
    }
    for (const path of ['/.well-known/..%2f', '/.well-known/', '/.well-known/other']) {
      expect((await at(path)).statusCode).toBe(404);
    }
    expect(await at('/.well-known/jwks.json', 'HEAD')).toMatchObject({ statusCode: 200, body: '' });
  });

  test('M14 every page may read it, without credentials', async () => {
    const { at } = await serve();
    const preflight = await at('/.well-known/oauth-protected-resource/mcp', 'OPTIONS');
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers?.['access-control-allow-headers']).toContain('mcp-protocol-version');
    for (const response of [preflight, await at('/.well-known/jwks.json'), await at('/nothing')]) {
      expect(response.headers?.['access-control-allow-origin']).toBe('*');
      expect(response.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(response.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
      expect(response.headers).toHaveProperty('strict-transport-security');
    }
  });
});

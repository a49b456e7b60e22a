import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { describe, expect, inject, test } from 'vitest';
import { type Person, signIn } from '../support/sign-in.ts';

/**
 * The OAuth leg alone, driven by oauth4webapi: a client library that validates everything it receives and knows nothing
 * of MCP. http is allowed because the local run is loopback.
 */
const stack = inject('stack');
const insecure = { [oauth.allowInsecureRequests]: true } as const;
const redirectUri = 'http://127.0.0.1:33418/';

async function discover(): Promise<oauth.AuthorizationServer> {
  const resource = new URL(stack.mcpUrl);
  const prm = await oauth.resourceDiscoveryRequest(resource, insecure);
  const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, prm);
  const issuer = new URL(authorization_servers?.[0] ?? '');
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  return await oauth.processDiscoveryResponse(issuer, response);
}

async function register(server: oauth.AuthorizationServer): Promise<oauth.Client> {
  const metadata = { redirect_uris: [redirectUri], client_name: 'VS Code', token_endpoint_auth_method: 'none' };
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, insecure);
  return (await oauth.processDynamicClientRegistrationResponse(response)) as oauth.Client;
}

async function login(person: Person, scopes?: readonly string[]) {
  const server = await discover();
  const client = await register(server);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const authorize = new URL(server.authorization_endpoint ?? '');
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    resource: stack.mcpUrl,
    scope: 'orders:read tickets:read tickets:write',
  }).toString();
  const landed = await signIn(authorize, redirectUri, { as: person, ...(scopes ? { scopes } : {}) });
  // Validates state and, because the server advertises it, iss (RFC 9207).
  const callback = oauth.validateAuthResponse(server, client, landed, state);
  const redeem = () =>
    oauth.authorizationCodeGrantRequest(server, client, oauth.None(), callback, redirectUri, verifier, {
      additionalParameters: { resource: stack.mcpUrl },
      ...insecure,
    });
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, await redeem());
  return { server, client, tokens, redeem };
}

async function refresh(server: oauth.AuthorizationServer, client: oauth.Client, token: string) {
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, insecure);
  return await oauth.processRefreshTokenResponse(server, client, response);
}

describe('the OAuth leg', () => {
  test('a client finds the authorization server from the 401 alone', async () => {
    const response = await fetch(stack.mcpUrl, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain(`resource_metadata="${stack.issuer}/.well-known/oauth-protected-resource/mcp"`);
    expect(challenge).not.toContain('error=');

    const metadata = await fetch(`${stack.issuer}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({ resource: stack.mcpUrl, authorization_servers: [stack.issuer] });
  });

  test('register, consent, sign in, redeem: a token for exactly this resource and nobody else', async () => {
    const { server, client, tokens } = await login('ada');
    const keys = createRemoteJWKSet(new URL(server.jwks_uri ?? ''));
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, {
      issuer: stack.issuer,
      audience: stack.mcpUrl,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    expect(payload).toMatchObject({
      aud: stack.mcpUrl,
      client_id: client.client_id,
      tenant: 'north',
      roles: ['editor'],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600);
    expect(protectedHeader.kid).toBeTruthy();
    expect(tokens.scope?.split(' ').sort()).toEqual(['orders:read', 'tickets:read', 'tickets:write']);
    expect(JSON.stringify(payload)).not.toMatch(/@/);
  });

  test('a scope that was unticked, or that the role does not reach, is not granted', async () => {
    const narrowed = await login('ada', ['orders:read']);
    expect(narrowed.tokens.scope).toBe('orders:read');
    const reader = await login('bob');
    expect(reader.tokens.scope?.split(' ').sort()).toEqual(['orders:read', 'tickets:read']);
  });

  test('somebody without a role signs in and gets no code', async () => {
    await expect(login('eve')).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('refresh rotates, and a token used again after its successor kills the family', async () => {
    const { server, client, tokens } = await login('bob');
    const first = tokens.refresh_token ?? '';
    const second = (await refresh(server, client, first)).refresh_token ?? '';
    expect(second).not.toBe(first);
    const third = (await refresh(server, client, second)).refresh_token ?? '';
    // Two generations old: outside every grace, so this is a former holder.
    await expect(refresh(server, client, first)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(server, client, third)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('a revoked refresh token is dead at once', async () => {
    const { server, client, tokens } = await login('bob');
    const token = tokens.refresh_token ?? '';
    const response = await oauth.revocationRequest(server, client, oauth.None(), token, insecure);
    await oauth.processRevocationResponse(response);
    await expect(refresh(server, client, token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('a code spent twice revokes what it minted', async () => {
    const { server, client, tokens, redeem } = await login('dan');
    const again = await redeem();
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(server, client, tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('metadata is the same document at both addresses, and says what is served', async () => {
    const [oauthBytes, openidBytes] = await Promise.all(
      ['oauth-authorization-server', 'openid-configuration'].map(async (name) => {
        const response = await fetch(`${stack.issuer}/.well-known/${name}`);
        return createHash('sha256')
          .update(Buffer.from(await response.arrayBuffer()))
          .digest('hex');
      }),
    );
    expect(oauthBytes).toBe(openidBytes);
    const server = await discover();
    expect(server).toMatchObject({
      issuer: stack.issuer,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
    });
  });
});

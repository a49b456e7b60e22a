import { request } from 'node:http';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { describe, expect, inject, test } from 'vitest';
import { signIn } from '../support/sign-in.ts';

/** What clients read first. Constant bytes: nothing in them comes from a request. */
const { issuer, mcpUrl } = inject('stack');
const AUTHORIZATION_SERVER = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';
const RESOURCE = '/.well-known/oauth-protected-resource';
const JWKS = '/.well-known/jwks.json';
const ALL = [AUTHORIZATION_SERVER, OPENID, RESOURCE, `${RESOURCE}/mcp`, JWKS];

const get = (path: string, init?: RequestInit) => fetch(`${issuer}${path}`, init);
async function read(path: string): Promise<Record<string, unknown>> {
  const response = await get(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  return (await response.json()) as Record<string, unknown>;
}

/** A request whose target and headers are sent exactly as written, which `fetch` does not promise. */
function raw(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') {
  return new Promise<{ readonly status: number | undefined; readonly text: string }>((resolve, reject) => {
    const { port } = new URL(issuer);
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    sent.once('error', reject).end();
  });
}

describe('the authorization server', () => {
  test('M1 names itself with the same bytes in its metadata, in responses and in tokens', async () => {
    const server = (await read(AUTHORIZATION_SERVER)) as oauth.AuthorizationServer;
    expect(server.issuer).toBe(issuer);
    const redirectUri = 'http://127.0.0.1:33418/';
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const registration = await oauth.dynamicClientRegistrationRequest(
      server,
      { redirect_uris: [redirectUri], client_name: 'VS Code' },
      insecure,
    );
    const client = (await oauth.processDynamicClientRegistrationResponse(registration)) as oauth.Client;
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: redirectUri,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const failed = new URL(url);
    failed.searchParams.set('response_type', 'token');
    const refused = new URL((await fetch(failed, { redirect: 'manual' })).headers.get('location') ?? '');
    expect(refused.searchParams.get('iss')).toBe(issuer);

    const landed = await signIn(url, redirectUri, { as: 'ada' });
    expect(landed.searchParams.get('iss')).toBe(issuer);
    const callback = oauth.validateAuthResponse(server, client, landed, oauth.expectNoState);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      callback,
      redirectUri,
      verifier,
      insecure,
    );
    const { access_token } = await oauth.processAuthorizationCodeResponse(server, client, answer);
    expect(decodeJwt(access_token).iss).toBe(issuer);
  });

  test('M2 says what it offers, and nothing weaker', async () => {
    const metadata = await read(AUTHORIZATION_SERVER);
    const methods = ['none', 'private_key_jwt'];
    expect(metadata).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: methods,
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      authorization_response_iss_parameter_supported: true,
      registration_endpoint: `${issuer}/register`,
      client_id_metadata_document_supported: true,
    });
    const members = Object.keys(metadata).join(' ');
    expect(members).not.toMatch(/dpop|introspection|userinfo|end_session|device|pushed|request_uri|request_object/);
  });

  test('M3 answers at every address it advertises', async () => {
    const advertised = Object.entries(await read(AUTHORIZATION_SERVER)).filter(
      ([name]) => name.endsWith('_endpoint') || name === 'jwks_uri',
    );
    expect(advertised.map(([name]) => name).sort()).toEqual([
      'authorization_endpoint',
      'jwks_uri',
      'registration_endpoint',
      'revocation_endpoint',
      'token_endpoint',
    ]);
    for (const [, address] of advertised) expect((await fetch(String(address))).status).not.toBe(404);
  });

  test('M5 gives clients that only know OpenID Connect discovery the same bytes', async () => {
    const [one, other] = await Promise.all([get(AUTHORIZATION_SERVER), get(OPENID)]);
    expect(Buffer.from(await other.arrayBuffer())).toEqual(Buffer.from(await one.arrayBuffer()));
  });
});

describe('the resource', () => {
  test.each([RESOURCE, `${RESOURCE}/mcp`])('M4 names itself and its authorization server at %s', async (path) => {
    expect(await read(path)).toEqual({
      resource: mcpUrl,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read', 'tickets:read'],
    });
  });
});

describe('every document', () => {
  test.each(ALL)('M8 %s is the same whoever asks, by whatever name', async (path) => {
    const { port } = new URL(issuer);
    const { text } = await raw(path, { host: `localhost:${port}` });
    expect(text).toBe(await (await get(path)).text());
    for (const headers of [
      { host: `127.0.0.1:${port}` },
      { host: `localhost:${port}`, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { host: `localhost:${port}`, forwarded: 'host=evil.example;proto=https' },
      { host: `localhost:${port}`, 'x-original-url': '/evil', 'x-forwarded-prefix': '/evil' },
    ]) {
      expect(await raw(path, headers)).toEqual({ status: 200, text });
    }
    expect(await raw(`${path}?issuer=https://evil.example`, { host: `localhost:${port}` })).toEqual({
      status: 200,
      text,
    });
    const foreign = await raw(path, { host: 'evil.example' });
    expect([foreign.status, foreign.text]).toEqual([421, expect.not.stringContaining('evil')]);
  });

  test.each(ALL)('M8 %s has only addresses that are safe to hand to a browser or a shell', async (path) => {
    const text = await (await get(path)).text();
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(text).not.toMatch(/[<>`$;|]/);
    for (const [, url = ''] of text.matchAll(/"([a-z]+:\/\/[^"]*)"/g)) {
      expect(url).toMatch(/^http:\/\/localhost:\d+(?:\/[a-z.-]+)*$/);
    }
  });

  test.each(ALL)('M13 %s is only read', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await get(path, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
    const head = await get(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test.each([
    '/.well-known/..%2f',
    '/.well-known/..%2fregister',
    '/.well-known/%2e%2e/register',
    '/.well-known/../register',
    '/.well-known/jwks.json/',
    '/.well-known/jwks.json%00',
    '/.well-known//jwks.json',
    '/.well-known/JWKS.json',
    '/.well-known/',
    '/.well-known/oauth-authorization-server/mcp',
  ])('M13 is at its own address only: %s is 404', async (path) => {
    expect(await raw(path, { host: new URL(issuer).host })).toMatchObject({ status: 404 });
  });

  test.each(ALL)('M14 %s is readable from every page, without credentials', async (path) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    const preflight = await get(path, {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-headers': 'mcp-protocol-version' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('mcp-protocol-version'),
    ]);
    for (const answer of [preflight, await get(path, { headers: { origin: 'https://app.example' } })]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });
});

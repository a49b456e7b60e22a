import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerCheck } from '../../infra/cli/doctor/provider.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

/** What `gatehouse doctor` says of an identity provider by its discovery document, before anybody has signed in. */
let document: unknown;
const server = createServer((request, response) => {
  const found = document !== undefined && request.url?.endsWith('/.well-known/openid-configuration');
  response.writeHead(found ? 200 : 404).end(JSON.stringify(document));
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

const right = (issuer: string) => ({
  issuer,
  authorization_endpoint: 'https://idp.example.com/authorize',
  token_endpoint: 'https://idp.example.com/token',
  jwks_uri: 'https://idp.example.com/keys',
  response_types_supported: ['code', 'code id_token'],
  id_token_signing_alg_values_supported: ['RS256', 'HS256'],
  code_challenge_methods_supported: ['plain', 'S256'],
  token_endpoint_auth_methods_supported: ['client_secret_post'],
});
const look = (issuer: string, kind: 'oidc' | 'workos' = 'oidc') =>
  providerCheck({ kind, issuer, clientId: 'c', rolesClaim: 'roles', tenantClaim: 'tid' } as const).look();

test.each(['', '/', '/realms/acme', '/realms/acme/'])(
  'an issuer that ends in "%s" is found and compared exactly',
  async (path) => {
    const issuer = `${origin}${path}`;
    document = right(issuer);
    expect(await look(issuer)).toMatchObject({ status: 'ok', says: expect.stringContaining('ID tokens by RS256') });
  },
);

test('a slash too many is told in the words of both', async () => {
  document = right(origin);
  expect(await look(`${origin}/`)).toEqual({
    status: 'fail',
    says: `cdk.json: gatehouse.identity.issuer is "${origin}/" but its discovery document says "${origin}". They must match exactly; use the second.`,
  });
});

describe('a document is no use', () => {
  test.each<[string, object, string]>([
    ['for many tenants', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, 'put the id of your own'],
    ['without an issuer', { issuer: undefined }, 'discovery document says null'],
    ['with an endpoint in the clear', { token_endpoint: 'http://idp.example.com/token' }, 'which is no https URL'],
    ['without keys', { jwks_uri: undefined }, 'has jwks_uri null'],
    ['without the code flow', { response_types_supported: ['id_token'] }, 'and not "code"'],
    ['with PKCE by plain only', { code_challenge_methods_supported: ['plain'] }, 'and not by S256'],
    ['with shared secrets only', { id_token_signing_alg_values_supported: ['HS256', 'none'] }, 'needs a public key'],
    [
      'without a client secret',
      { token_endpoint_auth_methods_supported: ['private_key_jwt'] },
      'takes no client secret',
    ],
  ])('%s', async (_, change, says) => {
    document = { ...right(origin), ...change };
    expect(await look(origin)).toMatchObject({ status: 'fail', says: expect.stringContaining(says) });
  });
});

test('a provider that does not speak of PKCE is taken, and it is said', async () => {
  document = { ...right(origin), code_challenge_methods_supported: undefined };
  expect(await look(origin)).toMatchObject({ status: 'ok', says: expect.stringContaining('sent all the same') });
});

test('WorkOS names no method, and takes the secret in the body all the same', async () => {
  document = { ...right(origin), token_endpoint_auth_methods_supported: [] };
  expect(await look(origin, 'workos')).toMatchObject({ status: 'ok' });
});

test('where there is no document, the sentence says which status', async () => {
  document = undefined;
  expect(await look(origin)).toMatchObject({
    status: 'fail',
    says: expect.stringContaining('status 404 instead of 200'),
  });
});

test('with Cognito there is nothing to ask before the deployment', async () => {
  expect(await providerCheck(settingsFrom(context).identity).look()).toMatchObject({ status: 'not checked' });
});

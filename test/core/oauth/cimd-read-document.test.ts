import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../functions/core/oauth/cimd/read-document.ts';
import type { DocumentRule } from '../../../functions/core/oauth/cimd/rule.ts';

/** What a client metadata document may say, and what its rule leaves of it. */
const URL_OF_IT = 'https://client.example/app/client.json';
const RULE: DocumentRule = {
  url: URL_OF_IT,
  redirectUris: ['https://client.example/cb', 'http://127.0.0.1/cb', 'app.example:/cb'],
};
const GOOD = {
  client_id: URL_OF_IT,
  client_name: 'Example',
  redirect_uris: ['https://client.example/cb'],
};

const read = (changes: Readonly<Record<string, unknown>> = {}, rule: DocumentRule = RULE) =>
  readDocument(JSON.stringify({ ...GOOD, ...changes }), URL_OF_IT, rule);

describe('a client metadata document', () => {
  test('says who the client is and where its answers go, and needs to say nothing else', () => {
    expect(read()).toEqual({
      ok: true,
      value: {
        name: 'Example',
        grantTypes: ['authorization_code', 'refresh_token'],
        redirectUris: ['https://client.example/cb'],
        ceiling: undefined,
        authentication: 'none',
        jwks: undefined,
        jwksUri: undefined,
      },
    });
  });

  test.each([
    ['a list', '[]'],
    ['a number', '7'],
    ['null', 'null'],
    ['a string', JSON.stringify('https://client.example/app/client.json')],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('that is %s is none', (_, text) => {
    expect(readDocument(text, URL_OF_IT, RULE)).toEqual({ ok: false, error: 'it is no JSON object' });
  });

  test.each([
    ['another client_id', { client_id: 'https://client.example/app/other.json' }],
    ['no client_id', { client_id: undefined }],
    ['no name', { client_name: undefined }],
    ['a name of invisible characters', { client_name: '\u200b' }],
    ['a secret', { client_secret: 'x' }],
    ['an empty secret', { client_secret: '' }],
    ['the end of a secret', { client_secret_expires_at: 0 }],
    ['a statement nobody can verify', { software_statement: 'a.b.c' }],
    ['no redirect URI', { redirect_uris: [] }],
    ['a redirect URI that cannot be registered', { redirect_uris: ['https://client.example/cb', 'http://a.example/'] }],
    ['a custom scheme the rule does not name', { redirect_uris: ['other.example:/cb'] }],
    ['a scope that is a list', { scope: ['orders:read'] }],
    ['a scope that is a number', { scope: 7 }],
    ['a scope of two spaces', { scope: 'orders:read  tickets:read' }],
    ['a method that is a list', { token_endpoint_auth_method: ['none'] }],
    ['methods that are a string', { token_endpoint_auth_methods_supported: 'none' }],
    ['methods that are numbers', { token_endpoint_auth_methods_supported: [1] }],
    ['keys that are a list', { jwks: [] }],
    ['an address of keys that is none', { jwks_uri: 7 }],
    ['keys twice', { jwks: { keys: [] }, jwks_uri: 'https://client.example/keys' }],
    ['a shared secret as its method', { token_endpoint_auth_method: 'client_secret_basic' }],
    [
      'a shared secret as its method, and better ones beside it',
      { token_endpoint_auth_method: 'client_secret_post', token_endpoint_auth_methods_supported: ['none'] },
    ],
    ['only methods that do not exist here', { token_endpoint_auth_methods_supported: ['tls_client_auth'] }],
    ['a method that does not exist here', { token_endpoint_auth_method: 'tls_client_auth' }],
    ['no methods at all', { token_endpoint_auth_methods_supported: [] }],
  ])('with %s is refused', (_, changes) => {
    expect(read(changes)).toMatchObject({ ok: false, error: expect.stringMatching(/./) });
  });

  test('the log learns which member was unusable', () => {
    expect(read({ jwks: [] })).toMatchObject({ error: expect.stringContaining('jwks') });
    expect(read({ token_endpoint_auth_methods_supported: 'none' })).toMatchObject({
      error: expect.stringContaining('token_endpoint_auth_methods_supported'),
    });
    expect(read({ redirect_uris: ['http://a.example/cb'] })).toMatchObject({
      error: expect.stringContaining('http://a.example/cb'),
    });
    expect(read({ software_statement: 'a.b.c' })).toMatchObject({ error: expect.stringMatching(/./) });
  });
});

describe('the rule', () => {
  test('leaves out redirect URIs it does not name, and fits any port on this computer', () => {
    const redirectUris = ['https://client.example/cb', 'https://elsewhere.example/cb', 'http://127.0.0.1:51234/cb'];
    expect(read({ redirect_uris: redirectUris })).toMatchObject({
      value: { redirectUris: ['https://client.example/cb', 'http://127.0.0.1:51234/cb'] },
    });
    expect(read({ redirect_uris: ['https://elsewhere.example/cb'] })).toMatchObject({
      ok: true,
      value: { redirectUris: [] },
    });
  });

  test('may name a custom scheme, and only a custom scheme that way', () => {
    expect(read({ redirect_uris: ['app.example:/cb'] })).toMatchObject({
      ok: true,
      value: { redirectUris: ['app.example:/cb'] },
    });
    const careless = { ...RULE, redirectUris: ['http://intranet.example/cb'] };
    expect(read({ redirect_uris: ['http://intranet.example/cb'] }, careless)).toMatchObject({ ok: false });
    const app = { ...RULE, redirectUris: ['ahttp://cb/'] };
    expect(read({ redirect_uris: ['ahttp://cb/'] }, app)).toMatchObject({ ok: true });
  });

  const ceiling = ['orders:read', 'tickets:read'];
  test.each([
    ['names nothing', undefined, ceiling],
    ['names null', null, ceiling],
    ['names nothing in words', '', ceiling],
    ['names only offline_access', 'offline_access', ceiling],
    ['names less', 'tickets:read offline_access', ['tickets:read']],
    ['names more', 'orders:refund orders:read', ['orders:read']],
    ['names something else', 'orders:refund', []],
  ])('bounds the scope of a document that %s', (_, scope, expected) => {
    expect(read({ scope }, { ...RULE, ceiling })).toMatchObject({ ok: true, value: { ceiling: expected } });
  });

  test('that bounds nothing leaves a document its own bound', () => {
    expect(read({ scope: 'orders:read offline_access' })).toMatchObject({ value: { ceiling: ['orders:read'] } });
    expect(read({ scope: 'offline_access' })).toMatchObject({ ok: true, value: { ceiling: undefined } });
  });
});

describe('how the client proves itself', () => {
  const jwks = { keys: [] };
  test.each([
    ['nothing said', {}, 'none', false],
    ['none', { token_endpoint_auth_method: 'none' }, 'none', false],
    ['signing', { token_endpoint_auth_method: 'private_key_jwt' }, 'private_key_jwt', true],
    ['only signing', { token_endpoint_auth_methods_supported: ['private_key_jwt'] }, 'private_key_jwt', true],
    ['either', { token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'] }, 'none', true],
    [
      'a singular member beside a list that knows better',
      { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_methods_supported: ['none'] },
      'none',
      false,
    ],
  ])('%s', (_, changes, authentication, signs) => {
    expect(read({ ...changes, jwks })).toMatchObject({
      ok: true,
      value: { authentication, jwks: signs ? jwks : undefined, jwksUri: undefined },
    });
    const jwksUri = 'https://client.example/keys';
    expect(read({ ...changes, jwks_uri: jwksUri })).toMatchObject({
      value: { authentication, jwks: undefined, jwksUri: signs ? jwksUri : undefined },
    });
  });
});

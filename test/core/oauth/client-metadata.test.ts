import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ClientMetadata, clientIdOf, readClientMetadata } from '../../../functions/core/oauth/client-metadata.ts';

/** What a registration request (RFC 7591 section 2) may say, and what is registered of it. */
const CATALOGUE = ['orders:read', 'tickets:read'];
const URI = 'https://client.example/cb';
const read = (changes: Readonly<Record<string, unknown>> = {}) =>
  readClientMetadata({ redirect_uris: [URI], ...changes }, CATALOGUE);
const registered = (changes: Readonly<Record<string, unknown>>) => {
  const metadata = read(changes);
  if (!metadata.ok) throw new Error(JSON.stringify(metadata.error));
  return metadata.value;
};

describe('client metadata', () => {
  test('needs nothing but redirect URIs', () => {
    expect(read()).toEqual({
      ok: true,
      value: {
        redirectUris: [URI],
        name: undefined,
        grantTypes: ['authorization_code', 'refresh_token'],
        scope: undefined,
      },
    });
  });

  test('of null says nothing', () => {
    const members = [
      'client_name',
      'token_endpoint_auth_method',
      'grant_types',
      'response_types',
      'scope',
      'client_uri',
    ];
    expect(read(Object.fromEntries(members.map((member) => [member, null])))).toEqual(read());
  });

  test.each([
    ['client_name', 7],
    ['client_name', ['Claude']],
    ['client_name', 'x'.repeat(101)],
    ['token_endpoint_auth_method', ['none']],
    ['grant_types', 'authorization_code'],
    ['grant_types', [1]],
    ['grant_types', []],
    ['grant_types', ['refresh_token']],
    ['response_types', 'code'],
    ['response_types', []],
    ['response_types', ['token']],
    ['scope', ['orders:read']],
    ['client_uri', 'http://client.example'],
    ['client_uri', 'xhttps://client.example'],
    ['client_uri', 'https://'],
    ['client_uri', 'https://client.example/a b'],
    ['client_uri', 'https://client.example/\n'],
    ['client_uri', 'https://client.example\\@evil.example'],
    ['client_uri', 7],
  ])('is refused for its %s %j, which the answer names', (member, value) => {
    expect(read({ [member]: value })).toEqual({
      ok: false,
      error: { reason: 'metadata-unusable', member, problem: expect.stringMatching(/./) },
    });
  });

  test.each([
    ['nothing', undefined],
    ['no list', URI],
    ['an object', { 0: URI, length: 1 }],
    ['none', []],
    ['a number', [URI, 7]],
    ['eleven', Array.from({ length: 11 }, (_, i) => `${URI}/${i}`)],
  ])('is refused for redirect URIs that are %s', (_, redirectUris) => {
    expect(read({ redirect_uris: redirectUris })).toEqual({
      ok: false,
      error: { reason: 'redirect-uris-unusable', problem: expect.stringMatching(/./) },
    });
  });

  test('has ten redirect URIs at most, each once', () => {
    const ten = Array.from({ length: 10 }, (_, i) => `${URI}/${i}`);
    expect(registered({ redirect_uris: ten }).redirectUris).toEqual(ten);
    expect(registered({ redirect_uris: [URI, `${URI}/2`, URI] }).redirectUris).toEqual([URI, `${URI}/2`]);
  });

  test('with a statement that would bind is refused, whatever else it says', () => {
    expect(readClientMetadata({ software_statement: '' }, CATALOGUE)).toMatchObject({
      error: { reason: 'software-statement' },
    });
  });

  test('is narrowed to what there is', () => {
    expect(registered({ grant_types: ['implicit', 'authorization_code'] }).grantTypes).toEqual(['authorization_code']);
    expect(registered({ response_types: ['token', 'code'] })).toMatchObject({ redirectUris: [URI] });
  });
});

describe('the scope of a registration', () => {
  test.each([
    ['', undefined],
    ['orders:read', ['orders:read']],
    ['admin tickets:read', ['tickets:read']],
    ['offline_access orders:read', ['offline_access', 'orders:read']],
    ['offline_access', ['offline_access']],
  ])('%j is what exists of it', (scope, expected) => {
    expect(registered({ scope }).scope).toEqual(expected);
  });

  test('is refused when none of it exists, or when it is no scope', () => {
    expect(read({ scope: 'admin root' })).toEqual({
      ok: false,
      error: {
        reason: 'scope-beyond-reach',
        requested: ['admin', 'root'],
        reach: ['orders:read', 'tickets:read', 'offline_access'],
      },
    });
    expect(read({ scope: 'a  b' })).toMatchObject({ error: { reason: 'scope-malformed' } });
  });
});

describe('a name', () => {
  test.each([
    ['Claude', 'Claude'],
    ['  Claude \t Code  ', 'Claude Code'],
    ['Cla\u200bude\u0000', 'Claude'],
    ['\u202eedualC', 'edualC'],
    ['Cla\nude', 'Claude'],
    ['Cla\u2028u\u2029de', 'Claude'],
    ['e\u0301', '\u00e9'],
    ['A\u3000\u3000B', 'A B'],
    ['\u{1f98a}'.repeat(100), '\u{1f98a}'.repeat(100)],
    ['', undefined],
    [' \u200b ', undefined],
  ])('%j is shown as %j', (given, expected) => {
    expect(registered({ client_name: given }).name).toBe(expected);
  });
});

describe('the id of a client that registers itself', () => {
  const metadata: ClientMetadata = {
    redirectUris: ['https://b.example/', 'https://a.example/'],
    name: 'Example',
    grantTypes: ['refresh_token', 'authorization_code'],
    scope: ['tickets:read', 'orders:read'],
  };

  test('is the same for the same metadata in another order', () => {
    const { redirectUris, name, grantTypes, scope = [] } = metadata;
    const other = {
      scope: scope.toReversed(),
      grantTypes: grantTypes.toReversed(),
      name,
      redirectUris: redirectUris.toReversed(),
    };
    expect(clientIdOf(other)).toBe(clientIdOf(metadata));
    expect(clientIdOf(metadata)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('is another for every other thing it says', () => {
    const others: readonly Partial<ClientMetadata>[] = [
      {},
      { redirectUris: ['https://a.example/'] },
      { name: undefined },
      { name: 'null' },
      { grantTypes: ['authorization_code'] },
      { scope: ['orders:read'] },
      { scope: [] },
      { scope: undefined },
    ];
    const ids = others.map((changes) => clientIdOf({ ...metadata, ...changes }));
    expect(new Set(ids).size).toBe(others.length);
  });

  test('stays what it was: clients that registered once are found again', () => {
    // SHA-256 of the RFC 8785 form, written out by hand.
    const canonical =
      '{"client_name":"Example","grant_types":["authorization_code","refresh_token"],"redirect_uris":["https://a.example/","https://b.example/"],"scope":["orders:read","tickets:read"]}';
    expect(clientIdOf(metadata)).toBe(createHash('sha256').update(canonical).digest('base64url'));
    const bare = '{"client_name":null,"grant_types":[],"redirect_uris":[],"scope":null}';
    expect(clientIdOf({ redirectUris: [], name: undefined, grantTypes: [], scope: undefined })).toBe(
      createHash('sha256').update(bare).digest('base64url'),
    );
  });
});

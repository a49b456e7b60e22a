import { describe, expect, test } from 'vitest';
import {
  clientItem,
  clientKey,
  readClientItem,
  SWITCH_OFF,
  switchOn,
} from '../../../functions/core/oauth/client-item.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import { REVOKE_GRANT } from '../../../functions/core/oauth/grant-item.ts';
import { NEVER } from '../../../functions/core/oauth/lifetimes.ts';
import { aClient, aClientId } from '../../support/builders.ts';

const KEY = { kty: 'EC', crv: 'P-256', alg: 'ES256', x: 'eA', y: 'eQ' } as const;
const registered = aClient({
  source: 'dcr',
  status: 'off',
  authentication: 'private_key_jwt',
  keys: [KEY],
  ceiling: ['orders:read'],
  vettedAs: ['claude'],
  grantTypes: ['authorization_code'],
  expires: 1_000_000,
});

describe('the item of a client', () => {
  test('is read as it was written', () => {
    const document = aClient({ id: 'https://client.example/app/client.json', source: 'cimd', name: undefined });
    for (const client of [aClient(), registered, document]) {
      const read = readClientItem(client.id, clientItem(client));
      expect(read).toEqual({ ok: true, value: { keys: undefined, ...client } });
    }
  });

  test('has what two sides of the table agree on, and no end the table could clean up where there is none', () => {
    expect(clientItem(registered)).toEqual({
      pk: { S: 'CLIENT#client-a' },
      src: { S: 'dcr' },
      st: { S: 'off' },
      name: { S: 'Example' },
      uris: { L: [{ S: 'https://client.example/cb' }, { S: 'http://127.0.0.1:4000/cb' }] },
      auth: { S: 'private_key_jwt' },
      jwks: { S: JSON.stringify({ keys: [KEY] }) },
      grants: { L: [{ S: 'authorization_code' }] },
      scope: { L: [{ S: 'orders:read' }] },
      vetted: { L: [{ S: 'claude' }] },
      exp: { N: '1000000' },
      ttl: { N: '1000000' },
    });
    const bare = clientItem(aClient({ name: undefined }));
    expect(bare.exp).toEqual({ N: '253402300799' });
    for (const absent of ['ttl', 'name', 'jwks', 'scope']) expect(bare).not.toHaveProperty(absent);
  });

  test('of an address has its digest as the key', () => {
    const url = 'https://client.example/app/client.json';
    expect(clientKey(aClientId(url))).toBe(`CIMD#${digest(url)}`);
    expect(clientKey(aClientId('client-a'))).toBe('CLIENT#client-a');
  });

  test.each([
    ['src', { S: 'elsewhere' }],
    ['src', undefined],
    ['st', { S: '' }],
    ['st', { BOOL: true }],
    ['uris', { S: 'https://client.example/cb' }],
    ['uris', { L: [{ N: '1' }] }],
    ['auth', { S: 'client_secret_basic' }],
    ['grants', undefined],
    ['vetted', undefined],
    ['name', { N: '1' }],
    ['scope', { SS: ['a'] }],
    ['jwks', { S: '{' }],
    ['jwks', { S: '{}' }],
    ['jwks', { S: JSON.stringify({ keys: [{ ...KEY, d: 'AA' }] }) }],
    ['exp', undefined],
    ['exp', { N: '-1' }],
    ['exp', { N: '1.5' }],
    ['exp', { N: '1e3' }],
    ['exp', { N: ' 1' }],
    ['exp', { N: '' }],
    ['exp', { N: '1'.repeat(16) }],
    ['exp', { S: '1000000' }],
  ])('whose %s is %j is not believed', (name, value) => {
    const item = { ...clientItem(registered), [name]: value };
    expect(readClientItem(registered.id, item)).toEqual({
      ok: false,
      error: { reason: 'item-corrupt', item: 'client', id: 'client-a', detail: name },
    });
  });

  test('is told by name what of it is wrong, each once', () => {
    const item = { ...clientItem(registered), uris: { L: [{ N: '1' }, { N: '2' }] }, exp: { N: 'secret' } };
    expect(readClientItem(registered.id, item)).toMatchObject({ error: { detail: 'uris, exp' } });
  });

  test('knows no grant type that this server does not', () => {
    const item = { ...clientItem(registered), grants: { L: [{ S: 'implicit' }, { S: 'refresh_token' }] } };
    expect(readClientItem(registered.id, item)).toMatchObject({ value: { grantTypes: ['refresh_token'] } });
  });
});

describe('the changes that two sides make', () => {
  test('switching off takes the end away, so that nobody registers it back in', () => {
    expect(SWITCH_OFF).toEqual({
      expression: 'SET #st = :off, #exp = :never REMOVE #ttl',
      values: { ':off': { S: 'off' }, ':never': { N: '253402300799' } },
    });
  });

  test('switching on gives it an end, or none', () => {
    expect(switchOn(1_000)).toEqual({
      expression: 'SET #st = :on, #exp = :expires, #ttl = :expires',
      values: { ':on': { S: 'on' }, ':expires': { N: '1000' } },
    });
    expect(switchOn(NEVER)).toEqual({
      expression: 'SET #st = :on, #exp = :expires REMOVE #ttl',
      values: { ':on': { S: 'on' }, ':expires': { N: '253402300799' } },
    });
  });

  test('revoking leaves everything but the status', () => {
    expect(REVOKE_GRANT).toEqual({ expression: 'SET #st = :revoked', values: { ':revoked': { S: 'revoked' } } });
  });
});

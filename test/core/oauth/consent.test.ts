import { describe, expect, test } from 'vitest';
import type { Client } from '../../../functions/core/oauth/client.ts';
import { describeConsent } from '../../../functions/core/oauth/consent.ts';
import { aClient, aTransaction } from '../../support/builders.ts';

/** What a person sees before they agree. */
const words = { 'orders:read': 'See orders', 'orders:list': 'See that there are orders' };
const view = (redirectUri: string, client: Client = aClient(), implies?: Readonly<Record<string, readonly string[]>>) =>
  describeConsent(client, aTransaction({ redirectUri }), { words, implies }, 'Example Login');

test('the page says who asks, for what, and where the answer goes', () => {
  expect(view('https://client.example:8443/cb')).toEqual({
    destination: { kind: 'website', host: 'client.example:8443' },
    redirectUri: 'https://client.example:8443/cb',
    name: 'Example',
    clientId: 'client-a',
    describedAt: undefined,
    scopes: [
      { scope: 'orders:read', words: 'See orders', includes: [] },
      { scope: 'tickets:read', words: 'tickets:read', includes: [] },
    ],
    resource: 'https://mcp.example/mcp',
    staysConnected: true,
    provider: 'Example Login',
  });
});

test('a client that did not register for refresh tokens does not stay connected', () => {
  expect(view('https://client.example/cb', aClient({ grantTypes: ['authorization_code'] })).staysConnected).toBe(false);
});

test('a broad scope says what comes with it, in words', () => {
  const implies = { 'orders:read': ['tickets:list', 'orders:list'], 'orders:list': ['orders:read'] };
  expect(view('https://client.example/cb', aClient(), implies).scopes[0]).toEqual({
    scope: 'orders:read',
    words: 'See orders',
    includes: ['See that there are orders', 'tickets:list'],
  });
});

describe('the destination', () => {
  test.each([
    ['http://127.0.0.1:4000/cb', { kind: 'computer', host: '127.0.0.1:4000' }],
    ['http://localhost/cb', { kind: 'computer', host: 'localhost' }],
    ['http://[::1]:1/cb', { kind: 'computer', host: '[::1]:1' }],
    ['cursor://anysphere.cursor-mcp/oauth/callback', { kind: 'application', scheme: 'cursor' }],
    ['cursor://localhost/callback', { kind: 'application', scheme: 'cursor' }],
    ['https://localhost/cb', { kind: 'website', host: 'localhost' }],
    ['https://xn--clude-5ve.ai/cb', { kind: 'website', host: 'xn--clude-5ve.ai' }],
  ])('of %s is shown for what it is', (redirectUri, destination) => {
    expect(view(redirectUri).destination).toEqual(destination);
  });
});

describe('a client that describes itself', () => {
  const client = aClient({ id: 'https://vendor.example/client.json', source: 'cimd' });

  test('at another host than the one the answer goes to has that host named', () => {
    expect(view('https://elsewhere.example/cb', client).describedAt).toBe('vendor.example');
    expect(view('https://vendor.example:8443/cb', client).describedAt).toBe('vendor.example');
  });

  test('where the answer goes, or whose answer stays on this computer, has not', () => {
    for (const uri of ['https://vendor.example/cb', 'http://127.0.0.1:4000/cb', 'vendor.example:/cb']) {
      expect(view(uri, client).describedAt).toBeUndefined();
    }
  });
});

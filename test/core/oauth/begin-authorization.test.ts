import { describe, expect, test } from 'vitest';
import {
  type AuthorizationRules,
  proveClient,
  readAuthorizationRequest,
  stateOf,
} from '../../../functions/core/oauth/begin-authorization.ts';
import type { Client } from '../../../functions/core/oauth/client.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { ClientDirectory } from '../../../functions/core/oauth/store.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClient } from '../../support/builders.ts';

/** GET /authorize: what a request may say, in which order it is judged, and what the log is told. */
const NOW = 1_000_000;
const RESOURCE = 'https://mcp.example/mcp';
const REDIRECT = 'https://client.example/cb';
const GOOD = {
  client_id: 'client-a',
  redirect_uri: REDIRECT,
  response_type: 'code',
  code_challenge: digest('verifier'),
  code_challenge_method: 'S256',
  state: 'xyz',
  scope: 'orders:read',
  resource: RESOURCE,
};
type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;
const sent = (changes: Changes = {}) =>
  Object.entries<string | readonly string[] | undefined>({ ...GOOD, ...changes }).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, each] as const),
  );

const asked: string[] = [];
const registry: ClientDirectory = {
  find: async (id) => {
    asked.push(id);
    return ok(id === 'client-a' ? aClient() : undefined);
  },
};
const prove = (changes: Changes = {}, directory = registry) => proveClient(directory, sent(changes), NOW);

describe('the client and its address', () => {
  test('are proven before anything else is looked at', async () => {
    expect(await prove({ response_type: 'token', scope: 'a  b', state: ['a', 'b'] })).toEqual({
      ok: true,
      value: { client: aClient(), redirectUri: REDIRECT },
    });
  });

  test.each<[string, object, Changes]>([
    ['no client', { reason: 'client-missing' }, { client_id: undefined }],
    ['an empty client', { reason: 'client-missing' }, { client_id: '' }],
    ['two clients', { reason: 'repeated-parameter', parameter: 'client_id' }, { client_id: ['client-a', 'client-a'] }],
    ['no client id', { reason: 'client-id-unusable' }, { client_id: 'client#a' }],
    ['text that has an address in it', { reason: 'client-id-unusable' }, { client_id: 'x https://a.example/c' }],
    ...['http://a.example/c', 'https://a.example/c?', 'HTTPS://A.example/c'].map(
      (client_id): [string, object, Changes] => [
        client_id,
        { reason: 'document-not-admitted', clientId: client_id },
        { client_id },
      ],
    ),
    ['a client nobody knows', { reason: 'client-unknown', clientId: 'client-b' }, { client_id: 'client-b' }],
    ['no address', { reason: 'redirect-uri-missing' }, { redirect_uri: undefined }],
    [
      'two addresses',
      { reason: 'repeated-parameter', parameter: 'redirect_uri' },
      { redirect_uri: [REDIRECT, REDIRECT] },
    ],
    [
      'another address',
      { reason: 'redirect-uri-unregistered', redirectUri: `${REDIRECT}/x`, clientId: 'client-a' },
      { redirect_uri: `${REDIRECT}/x` },
    ],
  ])('%s is told to nobody but the person', async (_, error, changes) => {
    expect(await prove(changes)).toEqual({ ok: false, error });
  });

  test('a client that cannot be one is not looked up', async () => {
    asked.length = 0;
    for (const client_id of ['client#a', 'http://a.example/c', '', 'x'.repeat(129)]) await prove({ client_id });
    expect(asked).toEqual([]);
  });

  test('a directory that does not answer, and a client that is off or over, is no proof', async () => {
    const down = refuse({ reason: 'store-unavailable', operation: 'find', detail: 'down' });
    expect(await prove({}, { find: async () => down })).toEqual(down);
    for (const [changes, reason] of [
      [{ status: 'off' }, 'client-disabled'],
      [{ expires: NOW }, 'client-expired'],
    ] as const) {
      expect(await prove({}, { find: async () => ok(aClient(changes)) })).toMatchObject({ error: { reason } });
    }
  });
});

describe('a request too large', () => {
  const size = (parameters: ReturnType<typeof sent>) =>
    parameters.reduce((sum, [name, value]) => sum + name.length + (name === 'scope' ? 0 : value.length), 0);

  test('is one of more than 8 KiB of names and values, the scope not counted', async () => {
    const room = 8 * 1024 - size(sent({ filler: '' }));
    expect(await prove({ filler: 'x'.repeat(room), scope: 'x'.repeat(9_000) })).toMatchObject({ ok: true });
    expect(await prove({ filler: 'x'.repeat(room + 1) })).toEqual({
      ok: false,
      error: { reason: 'request-too-large', size: 8 * 1024 + 1, parameters: 9 },
    });
    expect(await prove({ ['x'.repeat(8 * 1024)]: '' })).toMatchObject({ error: { reason: 'request-too-large' } });
  });

  test('is one of more than a hundred parameters', async () => {
    const filler = (count: number) => Array.from({ length: count }, () => 'x');
    expect(await prove({ filler: filler(100 - sent().length) })).toMatchObject({ ok: true });
    expect(await prove({ filler: filler(101 - sent().length) })).toMatchObject({
      error: { reason: 'request-too-large', parameters: 101 },
    });
  });
});

describe('everything else a request says', () => {
  const rules: AuthorizationRules = {
    resource: RESOURCE,
    catalogue: ['orders:read', 'tickets:read', 'orders:refund'],
    defaultScope: ['orders:read', 'tickets:read'],
  };
  const read = (changes: Changes = {}, client: Client = aClient()) =>
    readAuthorizationRequest(sent(changes), { client, redirectUri: REDIRECT }, rules);

  test('is kept as it was sent, and the redirect URI as it was proven', () => {
    expect(read({ redirect_uri: 'https://evil.example/' })).toEqual({
      ok: true,
      value: {
        clientId: 'client-a',
        redirectUri: REDIRECT,
        state: 'xyz',
        challenge: GOOD.code_challenge,
        scope: ['orders:read'],
        resource: RESOURCE,
      },
    });
  });

  test.each<[Changes]>([
    [{ state: undefined }],
    [{ state: 'x'.repeat(2048) }],
    [{ state: 'é'.repeat(1024) }],
    [{ response_mode: 'query' }],
    [{ response_mode: '' }],
    [{ prompt: 'login consent' }],
    [{ prompt: 'nonesuch' }],
    [{ prompt: '' }],
    [{ request: '', request_uri: '' }],
    [{ resource: undefined }],
    [{ nonce: ['a', 'b'], unheard: 'of' }],
  ])('may be %j', (changes) => {
    expect(read(changes)).toMatchObject({ ok: true });
  });

  test.each<[Changes, object]>([
    [{ state: 'x'.repeat(2049) }, { reason: 'state-too-long', length: 2049 }],
    [{ state: 'é'.repeat(1025) }, { reason: 'state-too-long', length: 2050 }],
    [{ response_type: undefined }, { reason: 'parameter-missing', parameter: 'response_type' }],
    [{ response_type: 'token' }, { reason: 'response-type-unsupported', responseType: 'token' }],
    [{ response_type: 'code id_token' }, { reason: 'response-type-unsupported' }],
    [{ request: 'a.b.c' }, { reason: 'request-object', parameter: 'request' }],
    [{ request_uri: 'https://evil.example/' }, { reason: 'request-object', parameter: 'request_uri' }],
    [{ response_mode: 'fragment' }, { reason: 'response-mode-unsupported', responseMode: 'fragment' }],
    [{ prompt: 'none' }, { reason: 'interaction-forbidden' }],
    [{ prompt: 'login none' }, { reason: 'interaction-forbidden' }],
    [{ code_challenge: undefined }, { reason: 'parameter-missing', parameter: 'code_challenge' }],
    [{ code_challenge_method: undefined }, { reason: 'challenge-method-unsupported', method: undefined }],
    [{ code_challenge_method: 'plain' }, { reason: 'challenge-method-unsupported', method: 'plain' }],
    [{ code_challenge: 'x'.repeat(42) }, { reason: 'challenge-malformed', length: 42 }],
    [{ resource: [RESOURCE, RESOURCE] }, { reason: 'resource-repeated', count: 2 }],
    [{ resource: 'https://evil.example/mcp' }, { reason: 'resource-unknown' }],
    [{ scope: 'a  b' }, { reason: 'scope-malformed', fault: 'syntax' }],
    [{ scope: 'admin' }, { reason: 'scope-beyond-reach', requested: ['admin'] }],
    ...['state', 'response_type', 'request', 'request_uri', 'response_mode', 'prompt', 'code_challenge', 'scope'].map(
      (parameter): [Changes, object] => [{ [parameter]: ['x', 'x'] }, { reason: 'repeated-parameter', parameter }],
    ),
    [{ code_challenge_method: ['S256', 'S256'] }, { reason: 'repeated-parameter', parameter: 'code_challenge_method' }],
  ])('%j is refused', (changes, error) => {
    expect(read(changes)).toMatchObject({ ok: false, error });
  });

  test('a client is asked for no more than it may have, and gets the default when it asks for nothing', () => {
    const narrow = aClient({ ceiling: ['tickets:read', 'orders:refund'] });
    expect(read({ scope: 'orders:read tickets:read' }, narrow)).toMatchObject({ value: { scope: ['tickets:read'] } });
    expect(read({ scope: undefined }, narrow)).toMatchObject({ value: { scope: ['tickets:read'] } });
    expect(read({ scope: 'orders:read' }, narrow)).toMatchObject({ error: { reason: 'scope-beyond-reach' } });
  });
});

test('a state is given back when it was sent once, and not when it was sent twice or empty', () => {
  expect(stateOf(sent())).toBe('xyz');
  expect(stateOf(sent({ state: ['a', 'b'] }))).toBeUndefined();
  expect(stateOf(sent({ state: '' }))).toBeUndefined();
});

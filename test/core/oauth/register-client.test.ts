import { describe, expect, test } from 'vitest';
import type { Client } from '../../../functions/core/oauth/client.ts';
import { presetsNamed } from '../../../functions/core/oauth/presets/index.ts';
import {
  type Invitation,
  type RegistrationPorts,
  registerClient,
} from '../../../functions/core/oauth/register-client.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { onRecord } from '../../support/on-record.ts';

/** Who may register: anonymously the clients an operator vetted, with an invitation whoever holds one. */
const CLAUDE = 'https://claude.ai/api/mcp/auth_callback';
const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback';
const ELSEWHERE = 'https://client.example/cb';
const CATALOGUE = ['orders:read', 'tickets:read', 'tickets:write'];

type Admitted = Awaited<ReturnType<RegistrationPorts['registry']['admit']>>;

function aRegistry(answer: Admitted = ok('added')) {
  const admitted: [Client, number][] = [];
  const clock = createFakeClock();
  const ports: RegistrationPorts = {
    clock,
    registry: {
      admit: async (client, now) => {
        admitted.push([client, now]);
        return answer;
      },
    },
    vetted: presetsNamed(['cursor', 'claude', 'codex']),
    catalogue: CATALOGUE,
    record: onRecord,
  };
  return { ports, admitted, clock };
}

/** An invitation, and which clients took a use of it. */
const invitation = (
  ceiling: readonly string[] | undefined,
  answer: Awaited<ReturnType<Invitation['use']>> = ok(undefined),
  used: string[] = [],
): Invitation => ({
  ceiling,
  use: async (clientId) => {
    used.push(clientId);
    return answer;
  },
});
const unvetted = (redirectUri: string) => ({ ok: false, error: { reason: 'redirect-uri-not-vetted', redirectUri } });

describe('without an invitation', () => {
  test('a vetted client gets an entry of its own, for a day', async () => {
    const { ports, admitted, clock } = aRegistry();
    const result = await registerClient(ports, { redirect_uris: [CLAUDE], client_name: 'Claude' });
    expect(admitted).toEqual([
      [
        {
          id: expect.stringMatching(/^[\w-]{43}$/),
          source: 'dcr',
          status: 'on',
          name: 'Claude',
          redirectUris: [CLAUDE],
          authentication: 'none',
          grantTypes: ['authorization_code', 'refresh_token'],
          ceiling: undefined,
          vettedAs: ['claude'],
          expires: clock.seconds() + 86_400,
        },
        clock.seconds(),
      ],
    ]);
    expect(result).toMatchObject({ ok: true, value: { client: admitted[0]?.[0], outcome: 'added' } });
  });

  test('says whose addresses they are, each vetted client once and in order', async () => {
    const { ports, admitted } = aRegistry();
    const redirect_uris = [CURSOR, CLAUDE, 'https://claude.com/api/mcp/auth_callback', 'http://127.0.0.1:1/callback'];
    await registerClient(ports, { redirect_uris });
    expect(admitted[0]?.[0].vettedAs).toEqual(['claude', 'codex', 'cursor']);
  });

  test('one address that nobody vetted refuses them all', async () => {
    const { ports, admitted } = aRegistry();
    for (const redirect_uris of [[ELSEWHERE], [CLAUDE, ELSEWHERE], [ELSEWHERE, CLAUDE]]) {
      expect(await registerClient(ports, { redirect_uris })).toEqual(unvetted(ELSEWHERE));
    }
    expect(await registerClient(ports, { redirect_uris: ['http://evil.example/'] })).toMatchObject({
      error: { reason: 'redirect-uri-unusable', fault: 'scheme' },
    });
    expect(await registerClient(ports, {})).toMatchObject({ error: { reason: 'redirect-uris-unusable' } });
    expect(admitted).toEqual([]);
  });

  test('a scope it names is answered, and is not the most it may have: a tool may need more later', async () => {
    const { ports, admitted } = aRegistry();
    const scope = 'tickets:read offline_access';
    const registered = await registerClient(ports, { redirect_uris: [CLAUDE], scope });
    expect(registered).toMatchObject({ value: { metadata: { scope: ['tickets:read', 'offline_access'] } } });
    expect(admitted.map(([client]) => client.ceiling)).toEqual([undefined]);
  });

  test('a client that was there is kept, and a table that does not answer is no registration', async () => {
    expect(await registerClient(aRegistry(ok('kept')).ports, { redirect_uris: [CLAUDE] })).toMatchObject({
      value: { outcome: 'kept' },
    });
    const down = refuse({ reason: 'store-unavailable', operation: 'admit', detail: 'down' });
    expect(await registerClient(aRegistry(down).ports, { redirect_uris: [CLAUDE] })).toEqual(down);
  });
});

describe('with an invitation', () => {
  test('any address that can be registered is taken, and is nobody vetted', async () => {
    const { ports, admitted } = aRegistry();
    const result = await registerClient(ports, { redirect_uris: [ELSEWHERE, CLAUDE] }, invitation(undefined));
    expect(result.ok).toBe(true);
    expect(admitted[0]?.[0]).toMatchObject({ redirectUris: [ELSEWHERE, CLAUDE], vettedAs: ['claude'] });
  });

  test('a custom scheme still is only a vetted client’s, and plain http only this computer', async () => {
    const { ports } = aRegistry();
    const register = (uri: string) => registerClient(ports, { redirect_uris: [uri] }, invitation(undefined));
    expect(await register(CURSOR)).toMatchObject({ ok: true });
    for (const uri of ['other.example:/cb', `${CURSOR}/x`, 'http://claude.ai/api/mcp/auth_callback']) {
      expect(await register(uri)).toMatchObject({ error: { reason: 'redirect-uri-unusable', fault: 'scheme' } });
    }
  });

  test.each([
    [['orders:read'], undefined, ['orders:read']],
    [['orders:read'], 'orders:read tickets:write', ['orders:read']],
    [['orders:read', 'tickets:read'], 'tickets:read', ['orders:read', 'tickets:read']],
    [['orders:read', 'tickets:read'], 'offline_access', ['orders:read', 'tickets:read']],
    [['orders:read', 'gone:read'], undefined, ['orders:read']],
    [undefined, undefined, undefined],
  ])('for %j a client that asks for %j may have %j at most', async (ceiling, scope, expected) => {
    const { ports, admitted } = aRegistry();
    expect(await registerClient(ports, { redirect_uris: [ELSEWHERE], scope }, invitation(ceiling))).toMatchObject({
      ok: true,
    });
    expect(admitted[0]?.[0].ceiling).toEqual(expected);
  });

  test.each([undefined, 'orders:read'])(
    'another ceiling is another client, also when both ask for %j',
    async (scope) => {
      const { ports, admitted } = aRegistry();
      for (const ceiling of [['orders:read'], ['orders:read', 'tickets:read'], undefined]) {
        await registerClient(ports, { redirect_uris: [ELSEWHERE], scope }, invitation(ceiling));
      }
      expect(new Set(admitted.map(([{ id }]) => id)).size).toBe(3);
      const result = await registerClient(
        ports,
        { redirect_uris: [ELSEWHERE], scope: 'offline_access' },
        invitation(['orders:read']),
      );
      expect(result).toMatchObject({ value: { metadata: { scope: ['offline_access', 'orders:read'] } } });
    },
  );

  test.each([
    [undefined, ['orders:read', 'tickets:read']],
    ['offline_access', ['offline_access', 'orders:read', 'tickets:read']],
    ['offline_access tickets:read', ['offline_access', 'tickets:read']],
  ])('a client that names %j is told %j', async (scope, told) => {
    const within = invitation(['orders:read', 'tickets:read']);
    expect(await registerClient(aRegistry().ports, { redirect_uris: [ELSEWHERE], scope }, within)).toMatchObject({
      value: { metadata: { scope: told } },
    });
  });

  test('a ceiling of which nothing exists any more registers nobody, nor does a scope beyond it', async () => {
    const { ports, admitted } = aRegistry();
    expect(await registerClient(ports, { redirect_uris: [ELSEWHERE] }, invitation(['gone:read']))).toEqual({
      ok: false,
      error: { reason: 'scope-beyond-reach', requested: ['gone:read'], reach: CATALOGUE },
    });
    const beyond = { redirect_uris: [ELSEWHERE], scope: 'tickets:write' };
    expect(await registerClient(ports, beyond, invitation(['orders:read']))).toMatchObject({
      error: { reason: 'scope-beyond-reach' },
    });
    expect(await registerClient(ports, { redirect_uris: [] }, invitation(['orders:read']))).toMatchObject({
      error: { reason: 'redirect-uris-unusable' },
    });
    expect(admitted).toEqual([]);
  });
});

describe('a use of an invitation', () => {
  const usedUp = refuse({ reason: 'initial-access-refused', fault: 'used-up', tokenId: 'x' });

  test('is taken for the client that is then written, and for nobody whose request is refused', async () => {
    const { ports, admitted } = aRegistry();
    const used: string[] = [];
    for (const redirect_uris of [[ELSEWHERE], ['http://evil.example/cb'], []]) {
      await registerClient(ports, { redirect_uris }, invitation(undefined, ok(undefined), used));
    }
    await registerClient(
      ports,
      { redirect_uris: [ELSEWHERE], scope: 'admin' },
      invitation(undefined, ok(undefined), used),
    );
    expect(used).toEqual(admitted.map(([{ id }]) => id));
    expect(used).toHaveLength(1);
  });

  test('that is not to be had writes nobody', async () => {
    const { ports, admitted } = aRegistry();
    const down = refuse({ reason: 'store-unavailable', operation: 'use', detail: 'down' });
    for (const answer of [usedUp, down]) {
      expect(await registerClient(ports, { redirect_uris: [ELSEWHERE] }, invitation(undefined, answer))).toEqual(
        answer,
      );
    }
    expect(admitted).toEqual([]);
  });
});

test('a preset that is careless with http opens no custom scheme, and one that only begins like it does', async () => {
  const careless = (uri: string) => [{ name: 'x', title: 'X', redirectUris: [uri], source: '', checked: '2026-11-22' }];
  const register = (uri: string) =>
    registerClient({ ...aRegistry().ports, vetted: careless(uri) }, { redirect_uris: [uri] });
  expect(await register('http://intranet.example/cb')).toMatchObject({ error: { fault: 'scheme' } });
  expect(await register('com.example.http://cb/')).toMatchObject({ ok: true });
});

import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../functions/adapters/memory-store.ts';
import {
  finishTransaction,
  type GrantPorts,
  grantAccess,
  type ReturnPorts,
} from '../../../functions/core/oauth/complete-authorization.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { Transaction } from '../../../functions/core/oauth/transaction.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClient, aTransaction, random } from '../../support/builders.ts';

/** GET /callback: whose return counts, and what comes of it. */
const NOW = 1_000_000;
const SECRET = 'the secret of the state';
const down = refuse({ reason: 'store-unavailable', operation: 'x', detail: 'down' });
const upstream = { state: digest(SECRET), nonce: 'the nonce', verifier: 'the verifier' };
const approved = aTransaction({
  status: 'approved',
  upstream,
  agreed: ['orders:read', 'tickets:read'],
  expires: NOW + 1,
});
const STATE = `${approved.id}.${SECRET}`;
const held = { [`st-${approved.id}`]: SECRET };

describe('coming back', () => {
  async function comeBack(
    stored: Partial<Transaction> | 'none' = {},
    {
      query = [['state', STATE]],
      cookies = held,
      registry = { find: async () => ok(aClient()) },
      repeatWrites = false,
    }: {
      readonly query?: readonly (readonly [string, string])[];
      readonly cookies?: Readonly<Record<string, string>>;
      readonly registry?: ReturnPorts['registry'];
      readonly repeatWrites?: boolean;
    } = {},
  ) {
    const { transactions, contents } = createMemoryStore({ repeatWrites });
    if (stored !== 'none') await transactions.open({ ...approved, ...stored });
    const ports = { now: NOW, random, registry, transactions };
    return { result: await finishTransaction(ports, query, (name) => cookies[name]), left: contents()[0] };
  }
  const refused = (reason: string, more = {}) => ({ ok: false, error: { reason, ...more } });

  test('uses the transaction up, and says which client it was, as it is now', async () => {
    const client = aClient({ name: 'As it is now' });
    const { result, left } = await comeBack({}, { registry: { find: async () => ok(client) } });
    expect(left).toMatchObject({ status: 'done', finishedBy: expect.stringMatching(/^[\w-]{22}$/) });
    expect(result).toEqual({ ok: true, value: { transaction: left, client, state: STATE } });
  });

  test('counts when its write was repeated, because the first answer got lost', async () => {
    expect(await comeBack({}, { repeatWrites: true })).toMatchObject({
      result: { ok: true },
      left: { status: 'done' },
    });
  });

  test.each<[string, Partial<Transaction> | 'none', string]>([
    ['a transaction that does not exist', 'none', 'unknown'],
    ['one whose time is over', { expires: NOW }, 'expired'],
    ['one that nobody agreed to', { status: 'pending' }, 'not-approved'],
    ['one that is done', { status: 'done' }, 'not-approved'],
    ['one that went out with another state', { upstream: { ...upstream, state: digest('another') } }, 'other-state'],
  ])('to %s is refused', async (_, stored, fault) => {
    const { result, left } = await comeBack(stored);
    expect(result).toEqual(refused('transaction-refused', { fault }));
    if (stored !== 'none') expect(left).toEqual({ ...approved, ...stored });
  });

  test.each<[string, object, Parameters<typeof comeBack>[1]]>([
    ['without a state', refused('transaction-unnamed'), { query: [['code', 'x']] }],
    ['with a state that names nothing', refused('transaction-unnamed'), { query: [['state', approved.id]] }],
    [
      'with two states',
      refused('repeated-parameter', { parameter: 'state' }),
      {
        query: [
          ['state', STATE],
          ['state', STATE],
        ],
      },
    ],
    ['without the cookie', refused('cookie-missing', { cookie: 'st' }), { cookies: {} }],
    [
      'with the cookie of another browser',
      refused('transaction-refused', { fault: 'other-browser' }),
      { cookies: { [`st-${approved.id}`]: 'another' } },
    ],
  ])('%s changes nothing', async (_, expected, choice) => {
    const { result, left } = await comeBack({}, choice);
    expect(result).toEqual(expected);
    expect(left).toEqual(approved);
  });

  test.each<[string, Awaited<ReturnType<ReturnPorts['registry']['find']>>]>([
    ['client-unknown', ok(undefined)],
    ['client-disabled', ok(aClient({ status: 'off' }))],
    ['client-expired', ok(aClient({ expires: NOW }))],
    ['redirect-uri-unregistered', ok(aClient({ redirectUris: ['https://client.example/new'] }))],
    ['store-unavailable', down],
  ])('is for nothing when the registry says %s meanwhile', async (reason, found) => {
    const { result } = await comeBack({}, { registry: { find: async () => found } });
    expect(result).toMatchObject(refused(reason));
  });
});

describe('what a person grants', () => {
  const returned = { transaction: approved, client: aClient(), state: STATE };
  type Said = Awaited<ReturnType<GrantPorts['identity']['exchange']>>;
  const ADA = { subject: 'ada', roles: ['editor'], tenant: 'north' };

  async function grant(
    said: Said = ok(ADA),
    {
      back = returned,
      query = [['code', 'x']],
      mint,
      implies,
    }: {
      readonly back?: typeof returned;
      readonly query?: readonly (readonly [string, string])[];
      readonly mint?: GrantPorts['grants']['mint'];
      readonly implies?: GrantPorts['implies'];
    } = {},
  ) {
    const store = createMemoryStore();
    const asked: unknown[] = [];
    const ports: GrantPorts = {
      now: NOW,
      random,
      grants: { mint: mint ?? store.grants.mint },
      identity: {
        exchange: async (...exchange) => {
          asked.push(exchange);
          return said;
        },
      },
      catalogue: ['orders:read', 'tickets:read', 'tickets:write'],
      implies,
      roles: { editor: ['orders:read', 'tickets:read', 'tickets:write'], clerk: ['tickets:write'] },
    };
    return { result: await grantAccess(ports, back, query, 'raw query'), asked, stored: store.contents() };
  }

  test('is stored with who they are, and its code leaves', async () => {
    const { result, asked, stored } = await grant(ok({ ...ADA, roles: ['editor', 'stranger', 'editor'] }));
    expect(asked).toEqual([['raw query', { state: STATE, nonce: 'the nonce', verifier: 'the verifier' }]]);
    expect(result).toEqual({
      ok: true,
      value: { grant: stored[0], code: expect.stringMatching(/^[\w-]{22}(\.[\w-]{43}){2}$/) },
    });
    expect(stored).toMatchObject([
      {
        subject: 'ada',
        tenant: 'north',
        roles: ['editor'],
        scope: ['orders:read', 'tickets:read'],
        codeExpires: NOW + 60,
      },
    ]);
  });

  test.each<[string, object, Said]>([
    ['who has no role', { reason: 'no-role', subject: 'ada', roles: [] }, ok({ ...ADA, roles: [] })],
    [
      'whose roles mean nothing here',
      { reason: 'no-role', roles: Array.from({ length: 10 }, (_, i) => `r${i}`) },
      ok({ ...ADA, roles: Array.from({ length: 12 }, (_, i) => `r${i}`) }),
    ],
    ['of no tenant', { reason: 'no-tenant', subject: 'ada' }, ok({ ...ADA, tenant: undefined })],
    [
      'whose roles allow nothing of it',
      { reason: 'nothing-granted', subject: 'ada', agreed: ['orders:read', 'tickets:read'] },
      ok({ ...ADA, roles: ['clerk'] }),
    ],
    [
      'the provider does not vouch for',
      { reason: 'identity-refused' },
      refuse({ reason: 'identity-refused', detail: 'x' }),
    ],
  ])('is nothing for somebody %s', async (_, error, said) => {
    const { result, stored } = await grant(said);
    expect(result).toMatchObject({ ok: false, error });
    expect(stored).toEqual([]);
  });

  test('is the narrower scope that a role allows of the broad one that was ticked', async () => {
    const { stored } = await grant(ok({ ...ADA, roles: ['clerk'] }), {
      implies: { 'tickets:read': ['tickets:write'] },
    });
    expect(stored).toMatchObject([{ scope: ['tickets:write'] }]);
  });

  test('is nothing when they ticked nothing, or nothing that was asked for', async () => {
    for (const agreed of [undefined, [], ['tickets:write']]) {
      const { result, stored } = await grant(ok(ADA), { back: { ...returned, transaction: { ...approved, agreed } } });
      expect(result).toMatchObject({ error: { reason: 'nothing-granted', agreed: [] } });
      expect(stored).toEqual([]);
    }
  });

  test('is not given away by a transaction that never went to the provider', async () => {
    const back = { ...returned, transaction: { ...approved, upstream: undefined } };
    const { result, asked } = await grant(ok(ADA), { back });
    expect(result).toMatchObject({ error: { reason: 'identity-refused', detail: expect.stringMatching(/./) } });
    expect(asked).toEqual([]);
  });

  test('is not given while it cannot be stored', async () => {
    expect((await grant(ok(ADA), { mint: async () => down })).result).toEqual(down);
  });

  test.each([
    ['access_denied', 'access_denied'],
    ['x'.repeat(40), 'x'.repeat(40)],
    ['x'.repeat(41), 'unrecognised'],
    ['<script>', 'unrecognised'],
    ['access denied', 'unrecognised'],
    ['ACCESS', 'unrecognised'],
    [' access_denied', 'unrecognised'],
    ['access_denied ', 'unrecognised'],
    ['', 'unrecognised'],
  ])('is nothing when the provider answers the error %j, and its text is not repeated', async (sent, error) => {
    const { result, asked } = await grant(ok(ADA), {
      query: [
        ['code', 'x'],
        ['error', sent],
      ],
    });
    expect(result).toEqual({ ok: false, error: { reason: 'sign-in-refused', error } });
    expect(asked).toEqual([]);
  });
});

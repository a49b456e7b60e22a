import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../functions/adapters/memory-store.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import { type RecordEvent, type Recorded, recorderOf } from '../../../functions/core/oauth/recorded.ts';
import { registerClient } from '../../../functions/core/oauth/register-client.ts';
import { revokeToken } from '../../../functions/core/oauth/revoke-token.ts';
import { ok } from '../../../functions/core/result.ts';
import { aClient, aGrant } from '../../support/builders.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  aCodeGrant,
  aFamilyGrant,
  down,
  exchange,
  parts,
  refused,
  TOKEN,
  type TokenWorld,
  VERIFIER,
} from './token-world.ts';

/** What stands in the audit log, when, and what happens to a request whose row cannot be written. */
function aRecorder(answer: Awaited<ReturnType<RecordEvent>> = ok(undefined)) {
  const rows: Recorded[] = [];
  const record: RecordEvent = async (row) => {
    rows.push(row);
    return answer;
  };
  return { rows, record };
}

const CODE = { grant_type: 'authorization_code', client_id: 'client-a', code: TOKEN, code_verifier: VERIFIER };
const REFRESH = { grant_type: 'refresh_token', client_id: 'client-a', refresh_token: TOKEN };
const ISSUED = { kind: 'token', clientId: 'client-a', subject: 'ada', decision: 'allowed', about: parts.grantId };

describe('tokens', () => {
  test.each<[string, typeof CODE | typeof REFRESH, TokenWorld, Partial<Recorded>]>([
    ['a code', CODE, {}, { scopes: ['orders:read'], reason: 'authorization_code' }],
    [
      'a refresh token, with the scope it asked for',
      { ...REFRESH, ...{ scope: 'tickets:read' } },
      { grant: aFamilyGrant({ scope: ['orders:read', 'tickets:read'] }) },
      { scopes: ['tickets:read'], reason: 'refresh_token' },
    ],
  ])(
    'for %s are on record before the grant moves, and a row that fails leaves it where it was',
    async (_, form, world, row) => {
      const { rows, record } = aRecorder();
      const { result, did } = await exchange(form, { ...world, record });
      expect(rows).toEqual([{ ...ISSUED, ...row }]);
      expect([result.ok, did.length]).toEqual([true, 2]);
      const broken = await exchange(form, { ...world, record: aRecorder(down).record });
      expect([broken.result, broken.did]).toEqual([down, ['sign']]);
    },
  );

  test('that are refused before anybody proved anything are not', async () => {
    const { rows, record } = aRecorder();
    await exchange({ ...CODE, code_verifier: 'x'.repeat(43) }, { record });
    await exchange({ ...REFRESH, client_id: 'client-b' }, { grant: aFamilyGrant(), record });
    expect(rows).toEqual([]);
  });

  test.each<[string, typeof CODE | typeof REFRESH, TokenWorld, string]>([
    ['code', CODE, { grant: aCodeGrant({ status: 'active' }) }, 'code-replayed'],
    ['refresh token', REFRESH, { grant: aFamilyGrant({}, { current: digest('x') }) }, 'refresh-token-reused'],
  ])(
    'a %s that came back is on record once its grant is ended, and 503 while it is not',
    async (_, form, world, reason) => {
      const { rows, record } = aRecorder();
      const row = { ...ISSUED, kind: 'revocation', scopes: ['orders:read'], decision: 'denied', reason };
      expect((await exchange(form, { ...world, record })).result).toMatchObject(refused(reason));
      expect(rows).toEqual([row]);
      const unrecorded = await exchange(form, { ...world, record: aRecorder(down).record });
      expect([unrecorded.result, unrecorded.did]).toEqual([down, ['revoke']]);
      expect((await exchange(form, { ...world, record, revoke: down })).result).toEqual(down);
      expect(rows).toEqual([row]);
    },
  );
});

describe('a registration', () => {
  const ELSEWHERE = ['https://client.example/cb'];
  const vetted = [{ name: 'x', title: 'X', redirectUris: ELSEWHERE, source: 'a test', checked: '2026-11-22' }];
  const register = async (record: RecordEvent, invitation?: Parameters<typeof registerClient>[2]) => {
    const { registry, contents } = createMemoryStore();
    const ports = { clock: createFakeClock(), registry, vetted, catalogue: ['orders:read'], record };
    return { result: await registerClient(ports, { redirect_uris: ELSEWHERE }, invitation), stored: contents() };
  };
  const invitation = { id: 'the-invitation', ceiling: ['orders:read'], use: async () => ok(undefined) };

  test('is on record before the client is written, and says by what right', async () => {
    const { rows, record } = aRecorder();
    const [alone, invited] = [await register(record), await register(record, invitation)];
    const row = { kind: 'registration', decision: 'allowed' };
    expect(rows).toEqual([
      { ...row, clientId: alone.stored[0]?.id, scopes: [], reason: 'vetted', about: undefined },
      { ...row, clientId: invited.stored[0]?.id, scopes: ['orders:read'], reason: 'invited', about: 'the-invitation' },
    ]);
  });

  test('that is not on record writes nobody', async () => {
    expect(await register(aRecorder(down).record)).toEqual({ result: down, stored: [] });
  });
});

describe('a revocation by the client', () => {
  const revoke = async (record: RecordEvent, status: 'active' | 'revoked' = 'active') => {
    const store = createMemoryStore();
    await store.desk.enrol(aClient());
    await store.grants.mint(aGrant({ id: parts.grantId, status, familySecret: digest(parts.familySecret) }));
    const openAssertion = async () => undefined;
    const ports = { ...store, clock: createFakeClock(), issuer: 'https://mcp.example', openAssertion, record };
    return revokeToken(ports, Object.entries({ token: TOKEN, client_id: 'client-a' }), undefined);
  };

  test('is on record when something was revoked, and only then', async () => {
    const { rows, record } = aRecorder();
    expect(await revoke(record)).toMatchObject({ ok: true });
    await revoke(record, 'revoked');
    const { subject, scope: scopes } = aGrant();
    const row = { kind: 'revocation', clientId: 'client-a', decision: 'allowed', about: parts.grantId };
    expect(rows).toEqual([{ ...row, subject, scopes, reason: 'asked-by-client' }]);
  });

  test('whose row fails is answered with what failed', async () => {
    expect(await revoke(aRecorder(down).record)).toEqual(down);
  });
});

describe('a row', () => {
  const event: Recorded = {
    kind: 'token',
    clientId: 'client-a',
    scopes: ['b', 'a'],
    decision: 'allowed',
    consent: 'c',
  };
  function aLog() {
    const added: unknown[] = [];
    const errors: unknown[] = [];
    return {
      added,
      errors,
      log: {
        add: (fields: Readonly<Record<string, unknown>>) => void added.push(fields),
        error: (message: string, fields: Readonly<Record<string, unknown>>) => void errors.push([message, fields]),
      },
    };
  }

  test('is an event of the audit log, under the request’s id, and its hash stands in the request’s line', async () => {
    const { added, errors, log } = aLog();
    const appended: unknown[] = [];
    const append = async (row: unknown) => {
      appended.push(row);
      return { hash: 'h' };
    };
    expect(await recorderOf(append, 'request-1', log)(event)).toEqual({ ok: true, value: undefined });
    expect(appended).toEqual([
      {
        phase: 'event',
        tool: 'auth:token',
        clientId: 'client-a',
        scopes: ['a', 'b'],
        decision: 'allowed',
        requestId: 'request-1',
        approvalId: 'c',
        countable: false,
      },
    ]);
    expect([added, errors]).toEqual([[{ audit_token: 'h' }], []]);
    expect(event.scopes).toEqual(['b', 'a']);
  });

  test.each([[new Error('the table is gone')], ['the table is gone']])(
    'that fails is an error somebody looks at',
    async (thrown) => {
      const { added, errors, log } = aLog();
      const append = async () => Promise.reject(thrown);
      const result = await recorderOf(append, 'request-1', log)({ ...event, subject: 'ada', about: 'g' });
      expect(result).toEqual(
        refused('store-unavailable', { operation: expect.stringMatching(/./), detail: 'the table is gone' }),
      );
      expect(added).toEqual([]);
      expect(errors).toEqual([
        [
          expect.stringMatching(/./),
          { error: thrown, kind: 'token', client_id: 'client-a', subject: 'ada', about: 'g' },
        ],
      ]);
    },
  );
});

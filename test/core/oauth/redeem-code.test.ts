import { describe, expect, test } from 'vitest';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { Grant } from '../../../functions/core/oauth/grant.ts';
import { parseTokenString } from '../../../functions/core/oauth/token-string.ts';
import { refuse } from '../../../functions/core/result.ts';
import { aClient, aClientId } from '../../support/builders.ts';
import {
  aCodeGrant,
  aFamilyGrant,
  DAY,
  down,
  exchange,
  type Form,
  NOW,
  parts,
  RESOURCE,
  refused,
  TOKEN,
  type TokenWorld,
  VERIFIER,
} from './token-world.ts';

/** The authorization code grant: in which order it is judged, what is written, and what a lost race means. */
const FORM = {
  grant_type: 'authorization_code',
  client_id: 'client-a',
  code: TOKEN,
  code_verifier: VERIFIER,
  redirect_uri: 'https://client.example/cb',
  resource: RESOURCE,
};
const redeem = (form: Form = {}, world: TokenWorld = {}) => exchange({ ...FORM, ...form }, world);
const { grantId } = parts;

describe('a code', () => {
  test('becomes tokens, with one write, whose secrets are new', async () => {
    const { result, done, did, claims } = await redeem();
    if (!result.ok || result.value.refreshToken === undefined) throw new Error(JSON.stringify(result));
    expect(did).toEqual(['sign', 'redeem']);
    const next = parseTokenString(result.value.refreshToken);
    expect(next?.grantId).toBe(grantId);
    expect([next?.familySecret, next?.rotatingSecret]).not.toEqual([parts.familySecret, parts.rotatingSecret]);
    expect(done.at(-1)).toEqual([
      'redeem',
      grantId,
      { now: NOW, code: aCodeGrant().code },
      {
        familySecret: digest(next?.familySecret ?? ''),
        current: digest(next?.rotatingSecret ?? ''),
        idleExpires: NOW + 30 * DAY,
        absoluteExpires: NOW + 90 * DAY,
      },
    ]);
    expect(result.value).toMatchObject({ expiresIn: 600, scope: ['orders:read'], client: { id: 'client-a' } });
    expect(claims).toMatchObject({ sub: 'ada', scope: 'orders:read', aud: RESOURCE, exp: NOW + 600 });
    expect(result.value.tokenId).toBe(claims.jti);
  });

  test('of a client that did not register for refresh tokens becomes a grant of ten minutes', async () => {
    const { result, done } = await redeem({}, { client: aClient({ grantTypes: ['authorization_code'] }) });
    expect(result).toMatchObject({ ok: true, value: { refreshToken: undefined, expiresIn: 600 } });
    expect(done.at(-1)?.[3]).toMatchObject({ absoluteExpires: NOW + 600, idleExpires: NOW + 600 });
  });

  test('needs no redirect URI, as OAuth 2.1 has it, and a request that is none reads nothing', async () => {
    expect((await redeem({ redirect_uri: undefined })).result.ok).toBe(true);
    const find = async () => Promise.reject(new Error('read'));
    const { result } = await redeem({ grant_type: 'password' }, { find, directory: find });
    expect(result).toEqual(refused('grant-type-unsupported', { grantType: 'password' }));
  });

  test('is good until its last second', async () => {
    expect((await redeem({}, { grant: aCodeGrant({ codeExpires: NOW + 1 }) })).result.ok).toBe(true);
    const late = await redeem({}, { grant: aCodeGrant({ codeExpires: NOW }) });
    expect(late.result).toEqual(refused('code-expired', { grantId, expires: NOW, now: NOW }));
  });

  test.each<[string, object, Form, Partial<Grant>]>([
    [
      'of another client',
      { reason: 'grant-of-another-client', grantId, clientId: 'client-a' },
      {},
      { clientId: aClientId('client-b') },
    ],
    ['with the wrong secret', { reason: 'code-wrong', grantId }, {}, { code: digest('x') }],
    ['sent elsewhere', { reason: 'redirect-uri-differs', grantId }, { redirect_uri: 'https://client.example/x' }, {}],
    [
      'for another resource',
      { reason: 'resource-not-granted', grantId, granted: 'https://old.example/' },
      {},
      { resource: 'https://old.example/' },
    ],
    ['with the wrong verifier', { reason: 'verifier-wrong', grantId }, { code_verifier: 'x'.repeat(43) }, {}],
    ['of a grant that was revoked', { reason: 'grant-revoked', grantId }, {}, { status: 'revoked' }],
    [
      'of a grant that was revoked, late',
      { reason: 'grant-revoked', grantId },
      {},
      { status: 'revoked', codeExpires: 0 },
    ],
    // What is wrong first is what is said: nobody learns of the later from the earlier.
    [
      'of another client, with the wrong verifier',
      { reason: 'grant-of-another-client' },
      { code_verifier: 'x' },
      { clientId: aClientId('client-b') },
    ],
    [
      'spent, with the wrong verifier',
      { reason: 'verifier-wrong' },
      { code_verifier: 'x'.repeat(43) },
      { status: 'active' },
    ],
    ['that is none', { reason: 'token-malformed' }, { code: 'x' }, {}],
    ['that nobody issued', { reason: 'grant-unknown' }, { code: `${'A'.repeat(22)}${TOKEN.slice(22)}` }, {}],
    ['for an unknown resource', { reason: 'resource-unknown' }, { resource: 'https://evil.example/' }, {}],
    ['for two resources', { reason: 'resource-repeated' }, { resource: [RESOURCE, RESOURCE] }, {}],
    ['with a scope that is none', { reason: 'scope-malformed' }, { scope: 'a  b' }, {}],
    ['by nobody', { reason: 'client-missing' }, { client_id: undefined }, {}],
    ['by a client that cannot be one', { reason: 'client-id-unusable' }, { client_id: 'a#b' }, {}],
    ['by a client nobody knows', { reason: 'client-unknown' }, { client_id: 'client-c' }, {}],
    [
      'by a client that is none, and that is none',
      { reason: 'client-unknown' },
      { client_id: 'client-c', code: 'x' },
      {},
    ],
    [
      'for an unknown resource, and that is none',
      { reason: 'resource-unknown' },
      { resource: 'https://evil.example/', code: 'x' },
      {},
    ],
  ])('%s is refused, and nothing is signed or written', async (_, error, form, changes) => {
    const { result, did } = await redeem(form, { grant: aCodeGrant(changes) });
    expect(result).toMatchObject({ ok: false, error });
    expect(did).toEqual([]);
  });

  test('that was spent ends its grant, and says 503 while that cannot be written', async () => {
    const grant = aCodeGrant({ status: 'active' });
    const replayed = await redeem({}, { grant });
    expect([replayed.result, replayed.done]).toEqual([refused('code-replayed', { grantId }), [['revoke', grantId]]]);
    expect((await redeem({}, { grant, revoke: down })).result).toEqual(down);
  });

  test('is not spent while a table or the key does not answer, or the allowance is used up', async () => {
    expect((await redeem({}, { find: async () => down })).result).toEqual(down);
    expect((await redeem({}, { directory: async () => down })).result).toEqual(down);
    expect((await redeem({}, { redeemed: () => down })).result).toEqual(down);
    const sign = async () => {
      throw new Error('throttled');
    };
    const unsigned = await redeem({}, { sign });
    expect([unsigned.result, unsigned.did]).toMatchObject([refused('signing-unavailable'), ['sign']]);
    const tooMany = refuse({ reason: 'too-many-requests', clientId: 'client-a', retryAfter: 3 });
    const limited = await redeem({}, { allowance: async () => tooMany });
    expect([limited.result, limited.did]).toEqual([tooMany, []]);
  });
});

describe('a race that was lost', () => {
  const lost = (found: Grant | undefined) =>
    redeem({}, { redeemed: () => refuse({ reason: 'condition-failed', found }) });

  test('to our own write is won', async () => {
    const { result, did } = await redeem(
      {},
      { redeemed: ({ current }) => refuse({ reason: 'condition-failed', found: aFamilyGrant({}, { current }) }) },
    );
    expect(result).toMatchObject({ ok: true, value: { refreshToken: expect.stringMatching(/./) } });
    expect(did).toEqual(['sign', 'redeem']);
  });

  test.each<[string, Grant | undefined, object, string[]]>([
    [
      'somebody else’s redemption is a replay',
      aFamilyGrant(),
      { reason: 'code-replayed' },
      ['sign', 'redeem', 'revoke'],
    ],
    ['a revocation', aCodeGrant({ status: 'revoked' }), { reason: 'grant-revoked' }, ['sign', 'redeem']],
    ['time', aCodeGrant({ codeExpires: NOW }), { reason: 'code-expired', expires: NOW, now: NOW }, ['sign', 'redeem']],
    ['a grant that is gone', undefined, { reason: 'grant-unknown' }, ['sign', 'redeem']],
    ['nothing anybody knows of', aCodeGrant(), { reason: 'code-wrong' }, ['sign', 'redeem']],
  ])('to %s', async (_, found, error, did) => {
    const race = await lost(found);
    expect(race.result).toMatchObject({ ok: false, error: { ...error, grantId } });
    expect(race.did).toEqual(did);
  });
});

describe('a client in use', () => {
  const registered = (expires: number, source: 'dcr' | 'static' | 'cimd' = 'dcr') => aClient({ source, expires });
  const kept = ['extend', 'client-a', NOW, NOW + 90 * DAY];

  test('that registered itself is kept, with one write a day', async () => {
    expect((await redeem({}, { client: registered(NOW + 89 * DAY) })).done.at(-1)).toEqual(kept);
    expect((await redeem({}, { client: registered(NOW + 89 * DAY + 1) })).did).not.toContain('extend');
  });

  test('is not kept by a request that is refused, nor one that came another way', async () => {
    expect((await redeem({ code_verifier: 'x' }, { client: registered(NOW + 10) })).did).toEqual([]);
    for (const source of ['static', 'cimd'] as const) {
      expect((await redeem({}, { client: registered(NOW + 10, source) })).did).not.toContain('extend');
    }
  });

  test('may be named by its assertion alone, and must then be proven by it', async () => {
    const claims = Buffer.from(JSON.stringify({ sub: 'client-a' })).toString('base64url');
    const form = {
      client_id: undefined,
      client_assertion: `e30.${claims}.x`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    const keys = [{ kty: 'EC', crv: 'P-256', alg: 'ES256', x: 'eA', y: 'eQ' }] as const;
    const signing = aClient({ authentication: 'private_key_jwt', keys });
    expect((await redeem(form, { client: signing })).result).toMatchObject(
      refused('assertion-refused', { clientId: 'client-a', fault: 'signature' }),
    );
    expect((await redeem({ ...form, client_id: 'client-c' }, { client: signing })).result).toMatchObject(
      refused('client-unknown'),
    );
    expect((await redeem({ ...form, client_assertion: 'x' }, { client: signing })).result).toMatchObject(
      refused('client-missing'),
    );
  });
});

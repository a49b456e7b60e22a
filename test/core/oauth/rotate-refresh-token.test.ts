import { describe, expect, test } from 'vitest';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { Grant } from '../../../functions/core/oauth/grant.ts';
import { seal, unseal } from '../../../functions/core/oauth/seal.ts';
import type { Rotation } from '../../../functions/core/oauth/store.ts';
import { parseTokenString, writeTokenString } from '../../../functions/core/oauth/token-string.ts';
import { refuse } from '../../../functions/core/result.ts';
import { aClient, aClientId, random } from '../../support/builders.ts';
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
  someSecret,
  TOKEN,
  type TokenWorld,
} from './token-world.ts';

/** The refresh token grant: rotation, reuse, the grace period, and what a lost race means. */
const FORM = { grant_type: 'refresh_token', client_id: 'client-a', refresh_token: TOKEN };
const refresh = (form: Form = {}, world: TokenWorld = {}) =>
  exchange({ ...FORM, ...form }, { grant: aFamilyGrant(), ...world });
const { grantId } = parts;
const NEXT = 'B'.repeat(43);

/** The family after the token above was rotated once, `ago` seconds before now. */
const rotatedOnce = (ago: number, successor = seal(NEXT, parts.rotatingSecret, grantId, random)) =>
  aFamilyGrant(
    {},
    { current: digest(NEXT), superseded: { secret: digest(parts.rotatingSecret), successor, at: NOW - ago } },
  );

describe('a refresh token', () => {
  test('is replaced by its successor, which is kept sealed under it', async () => {
    const { result, done, did, claims } = await refresh({ resource: RESOURCE });
    if (!result.ok) throw new Error(JSON.stringify(result));
    const next = parseTokenString(result.value.refreshToken ?? '');
    expect(next).toMatchObject({ grantId, familySecret: parts.familySecret });
    expect(did).toEqual(['sign', 'rotate']);
    const [, id, proof, rotation] = done.at(-1) ?? [];
    expect([id, proof]).toEqual([grantId, { now: NOW, current: digest(parts.rotatingSecret) }]);
    expect(rotation).toEqual({
      current: digest(next?.rotatingSecret ?? ''),
      superseded: { secret: digest(parts.rotatingSecret), successor: expect.any(String), at: NOW },
      idleExpires: NOW + 30 * DAY,
    });
    const { successor } = (rotation as Rotation).superseded;
    expect(unseal(successor, parts.rotatingSecret, grantId)).toBe(next?.rotatingSecret);
    expect(result.value).toMatchObject({ scope: ['orders:read'], expiresIn: 600, tokenId: claims.jti });
  });

  test('never leads beyond the absolute end of its family', async () => {
    const grant = aFamilyGrant({}, { absoluteExpires: NOW + 60 });
    const { result, done } = await refresh({}, { grant });
    expect(result).toMatchObject({ value: { expiresIn: 60 } });
    expect(done.at(-1)?.[3]).toMatchObject({ idleExpires: NOW + 60 });
  });

  test('may ask for less, and for nothing that was not granted', async () => {
    const grant = aFamilyGrant({ scope: ['orders:read', 'tickets:read'] });
    const less = await refresh({ scope: 'tickets:read' }, { grant });
    expect([less.result, less.claims.scope]).toMatchObject([{ value: { scope: ['tickets:read'] } }, 'tickets:read']);
    const more = await refresh({ scope: 'tickets:read orders:refund' }, { grant });
    expect([more.result, more.did]).toMatchObject([refused('scope-beyond-reach'), []]);
  });

  test.each<[string, object, Form, Grant]>([
    ['of another client', { reason: 'grant-of-another-client' }, {}, aFamilyGrant({ clientId: aClientId('client-b') })],
    ['of another family', { reason: 'family-wrong' }, {}, aFamilyGrant({ familySecret: digest('x') })],
    [
      'for another resource',
      { reason: 'resource-not-granted' },
      {},
      aFamilyGrant({ resource: 'https://old.example/' }),
    ],
    ['of a grant that was revoked', { reason: 'grant-revoked' }, {}, aFamilyGrant({ status: 'revoked' })],
    ['of a grant that is not active', { reason: 'family-wrong' }, {}, aFamilyGrant({ status: 'code' })],
    ['that is a code', { reason: 'family-wrong' }, {}, aCodeGrant()],
    ['of a grant without a family', { reason: 'family-wrong' }, {}, aFamilyGrant({ family: undefined })],
    [
      'of another family that was revoked',
      { reason: 'family-wrong' },
      {},
      aFamilyGrant({ familySecret: digest('x'), status: 'revoked' }),
    ],
    ['unused for too long', { reason: 'family-expired', end: 'idle' }, {}, aFamilyGrant({}, { idleExpires: NOW })],
    ['too old', { reason: 'family-expired', end: 'absolute' }, {}, aFamilyGrant({}, { absoluteExpires: NOW })],
    [
      'both',
      { reason: 'family-expired', end: 'absolute' },
      {},
      aFamilyGrant({}, { idleExpires: 0, absoluteExpires: NOW }),
    ],
    [
      'that nobody issued',
      { reason: 'grant-unknown' },
      { refresh_token: `${'A'.repeat(22)}${TOKEN.slice(22)}` },
      aFamilyGrant(),
    ],
    ['that is none', { reason: 'token-malformed' }, { refresh_token: 'x' }, aFamilyGrant()],
  ])('%s is refused, and nothing is signed, written or ended', async (_, error, form, grant) => {
    const { result, did } = await refresh(form, { grant });
    expect(result).toMatchObject({ ok: false, error });
    expect(did).toEqual([]);
  });

  test('of a client that may not refresh is refused before anything is looked at', async () => {
    const client = aClient({ grantTypes: ['authorization_code'] });
    const { result, did } = await refresh({}, { client, grant: aFamilyGrant({ clientId: aClientId('client-b') }) });
    expect(result).toEqual(refused('grant-type-not-registered', { clientId: 'client-a', grantType: 'refresh_token' }));
    expect(did).toEqual([]);
  });

  test('lives until the last second of its family', async () => {
    const grant = aFamilyGrant({}, { idleExpires: NOW + 1, absoluteExpires: NOW + 1 });
    expect((await refresh({}, { grant })).result.ok).toBe(true);
  });

  test('is not spent while a table or the key does not answer, or the allowance is used up', async () => {
    expect((await refresh({}, { rotated: () => down })).result).toEqual(down);
    const sign = async () => {
      throw new Error('throttled');
    };
    const unsigned = await refresh({}, { sign });
    expect([unsigned.result, unsigned.did]).toMatchObject([refused('signing-unavailable'), ['sign']]);
    const tooMany = refuse({ reason: 'too-many-requests', clientId: 'client-a', retryAfter: 3 });
    const limited = await refresh({}, { allowance: async () => tooMany });
    expect([limited.result, limited.did]).toEqual([tooMany, []]);
  });
});

describe('a refresh token that was used before', () => {
  test('has the same successor inside the grace period, and writes nothing', async () => {
    const { result, did } = await refresh({}, { grant: rotatedOnce(9) });
    expect(result).toMatchObject({ value: { refreshToken: writeTokenString({ ...parts, rotatingSecret: NEXT }) } });
    expect(did).toEqual(['sign']);
  });

  const reuse = refused('refresh-token-reused', { grantId, generation: 3 });
  test.each<[string, TokenWorld]>([
    ['at the end of the grace period', { grant: rotatedOnce(10) }],
    ['at once, where there is no grace', { grant: rotatedOnce(0), grace: 0 }],
    [
      'two rotations ago',
      {
        grant: aFamilyGrant({}, { current: digest('x'), superseded: { secret: digest('y'), successor: '', at: NOW } }),
      },
    ],
    ['when nothing is superseded', { grant: aFamilyGrant({}, { current: digest('x') }) }],
    ['in a family that is over', { grant: aFamilyGrant({}, { current: digest('x'), absoluteExpires: 0 }) }],
  ])('%s ends the family', async (_, world) => {
    const { result, done } = await refresh({}, world);
    expect([result, done]).toEqual([reuse, [['revoke', grantId]]]);
  });

  test('is 503 while the family cannot be ended, so that the caller comes again', async () => {
    expect((await refresh({}, { grant: rotatedOnce(10), revoke: down })).result).toEqual(down);
  });

  test('whose successor cannot be opened has none', async () => {
    const { result } = await refresh({}, { grant: rotatedOnce(1, seal(NEXT, 'another token', grantId, random)) });
    expect(result).toEqual(refused('successor-unreadable', { grantId }));
  });
});

describe('a race that was lost', () => {
  const lost = (found: Grant | undefined, world: TokenWorld = {}) =>
    refresh({}, { rotated: () => refuse({ reason: 'condition-failed', found }), ...world });

  test('to our own write is won', async () => {
    const { result, did } = await refresh(
      {},
      { rotated: ({ current }) => refuse({ reason: 'condition-failed', found: aFamilyGrant({}, { current }) }) },
    );
    expect(result.ok).toBe(true);
    expect(did).toEqual(['sign', 'rotate']);
  });

  test('to a refresh of the same token gives the successor that exists', async () => {
    const { result, did } = await lost(rotatedOnce(0));
    expect(result).toMatchObject({ value: { refreshToken: writeTokenString({ ...parts, rotatingSecret: NEXT }) } });
    expect(did).toEqual(['sign', 'rotate']);
  });

  test('so long that the grace period is over ends the family', async () => {
    const { result, did } = await lost(rotatedOnce(5), { signingTakes: 5 });
    expect(result).toEqual(refused('refresh-token-reused', { grantId, generation: 3 }));
    expect(did).toEqual(['sign', 'rotate', 'revoke']);
    expect((await lost(rotatedOnce(5), { signingTakes: 4 })).result.ok).toBe(true);
  });

  test.each<[string, Grant | undefined, object, string[]]>([
    ['a grant that is gone', undefined, { reason: 'grant-unknown' }, []],
    ['a revocation', aFamilyGrant({ status: 'revoked' }), { reason: 'grant-revoked' }, []],
    ['a family that is gone', aFamilyGrant({ family: undefined }), { reason: 'family-wrong' }, []],
    ['two rotations', aFamilyGrant({}, { current: someSecret() }), { reason: 'refresh-token-reused' }, ['revoke']],
    ['time', aFamilyGrant({}, { idleExpires: NOW }), { reason: 'family-expired', end: 'idle' }, []],
    ['nothing anybody knows of', aFamilyGrant(), { reason: 'family-wrong' }, []],
  ])('to %s', async (_, found, error, more) => {
    const { result, did } = await lost(found);
    expect(result).toMatchObject({ ok: false, error: { ...error, grantId } });
    expect(did).toEqual(['sign', 'rotate', ...more]);
  });
});

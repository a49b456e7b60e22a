import { describe, expect, test } from 'vitest';
import { ok } from '../../functions/core/result.ts';
import { aClient, aDigest, aGrant } from '../support/builders.ts';
import { failed, NOW, type Store, type Told } from './store-target.ts';

/** Grants: a code redeemed once, a refresh token rotated from its current secret, a family revoked for good. */
export function describeGrants(store: () => Store, told: Told): void {
  describe('grants', () => {
    const redemption = {
      familySecret: aDigest(),
      current: aDigest(),
      idleExpires: NOW + 1000,
      absoluteExpires: NOW + 3000,
    };
    const minted = async (changes: Parameters<typeof aGrant>[0] = {}) => {
      const grant = aGrant({ codeExpires: NOW + 60, expires: NOW + 600, ...changes });
      expect(await store().grants.mint(grant)).toEqual(ok(undefined));
      return grant;
    };
    const active = async () => {
      const grant = await minted();
      const redeemed = await store().grants.redeem(grant.id, { now: NOW, code: grant.code }, redemption);
      if (!redeemed.ok) throw new Error('not redeemed');
      return redeemed.value;
    };
    const rotation = () => ({
      current: aDigest(),
      superseded: { secret: redemption.current, successor: 'sealed', at: NOW },
      idleExpires: NOW + 2000,
    });

    test('are found as they were minted', async () => {
      for (const grant of [await minted(), await minted({ tenant: undefined, roles: [] })]) {
        expect(await store().grants.find(grant.id)).toEqual(ok(grant));
      }
      expect(await store().grants.find(aGrant().id)).toEqual(ok(undefined));
    });

    test('are redeemed with their code, in time, once: st = code AND ch = code AND cexp > now', async () => {
      const grant = await minted();
      const proof = { now: NOW, code: grant.code };
      for (const wrong of [{ code: aDigest() }, { now: NOW + 60 }]) {
        expect(await store().grants.redeem(grant.id, { ...proof, ...wrong }, redemption)).toEqual(told(grant));
      }
      const { familySecret, current, idleExpires, absoluteExpires } = redemption;
      const family = { current, superseded: undefined, generation: 0, idleExpires, absoluteExpires };
      const redeemed = { ...grant, status: 'active', familySecret, family, expires: idleExpires };
      expect(await store().grants.redeem(grant.id, { ...proof, now: NOW + 59 }, redemption)).toEqual(ok(redeemed));
      expect(await store().grants.find(grant.id)).toEqual(ok(redeemed));
      expect(await store().grants.redeem(grant.id, proof, { ...redemption, current: aDigest() })).toEqual(
        told(redeemed),
      );
      expect(await store().grants.redeem(aGrant().id, proof, redemption)).toEqual(failed(undefined));
    });

    test('are rotated from the current secret, in time: st = active AND rt AND abs > now AND idle > now', async () => {
      const grant = await active();
      const proof = { now: NOW, current: redemption.current };
      for (const wrong of [{ current: aDigest() }, { now: NOW + 1000 }]) {
        expect(await store().grants.rotate(grant.id, { ...proof, ...wrong }, rotation())).toEqual(told(grant));
      }
      const next = rotation();
      const family = { ...grant.family, ...next, generation: 1 };
      const rotated = { ...grant, family, expires: next.idleExpires };
      expect(await store().grants.rotate(grant.id, proof, next)).toEqual(ok(rotated));
      expect(await store().grants.rotate(grant.id, proof, rotation())).toEqual(told(rotated));
      const again = { ...proof, current: next.current };
      expect(await store().grants.rotate(grant.id, { ...again, now: NOW + 2000 }, rotation())).toEqual(told(rotated));
      expect(await store().grants.rotate(grant.id, again, rotation())).toMatchObject({
        value: { family: { generation: 2 } },
      });
    });

    test('do not outlive their absolute end, however long the idle one', async () => {
      const grant = await minted();
      const brief = { ...redemption, idleExpires: NOW + 5000 };
      await store().grants.redeem(grant.id, { now: NOW, code: grant.code }, brief);
      const late = { now: NOW + 3000, current: redemption.current };
      expect(await store().grants.rotate(grant.id, late, rotation())).toMatchObject({ ok: false });
      expect(await store().grants.rotate(grant.id, { ...late, now: NOW + 2999 }, rotation())).toMatchObject({
        ok: true,
      });
    });

    test('are revoked by a holder of their client: cid = client AND fh = family AND st <> revoked', async () => {
      const grant = await active();
      const proof = { clientId: grant.clientId, familySecret: redemption.familySecret };
      const others = [{ clientId: aClient({ id: 'client-z' }).id }, { familySecret: aDigest() }];
      for (const wrong of others) {
        expect(await store().grants.revokeHeld(grant.id, { ...proof, ...wrong })).toEqual(ok('kept'));
      }
      expect(await store().grants.find(grant.id)).toEqual(ok(grant));
      expect(await store().grants.revokeHeld(grant.id, proof)).toEqual(
        ok({ revoked: { ...grant, status: 'revoked' } }),
      );
      expect(await store().grants.revokeHeld(grant.id, proof)).toEqual(ok('kept'));
      const rotate = store().grants.rotate(grant.id, { now: NOW, current: redemption.current }, rotation());
      expect(await rotate).toEqual(told({ ...grant, status: 'revoked' }));
    });

    test('revoked as a code, are not redeemed; what does not exist is not made by revoking', async () => {
      const grant = await minted();
      expect(await store().grants.revoke(grant.id)).toEqual(ok('revoked'));
      const proof = { now: NOW, code: grant.code };
      expect(await store().grants.redeem(grant.id, proof, redemption)).toEqual(told({ ...grant, status: 'revoked' }));
      const { id: unknown, clientId, familySecret } = aGrant();
      expect(await store().grants.revoke(unknown)).toEqual(ok('kept'));
      expect(await store().grants.revokeHeld(unknown, { clientId, familySecret })).toEqual(ok('kept'));
      expect(await store().grants.find(unknown)).toEqual(ok(undefined));
    });

    test('redeemed or rotated by twenty at once, have one winner', async () => {
      const grant = await minted();
      const proof = { now: NOW, code: grant.code };
      const redeem = () => store().grants.redeem(grant.id, proof, { ...redemption, current: aDigest() });
      const redeemed = (await Promise.all(Array.from({ length: 20 }, redeem))).filter((each) => each.ok);
      expect(redeemed).toHaveLength(1);
      const held = await active();
      const rotate = () => store().grants.rotate(held.id, { now: NOW, current: redemption.current }, rotation());
      const rotated = (await Promise.all(Array.from({ length: 20 }, rotate))).filter((each) => each.ok);
      expect(rotated).toHaveLength(1);
      expect(await store().grants.find(held.id)).toMatchObject({ value: { family: { generation: 1 } } });
    });
  });
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEVER } from '../../functions/core/oauth/lifetimes.ts';
import { ok } from '../../functions/core/result.ts';
import { aClient, aDigest, aGrant } from '../support/builders.ts';
import { describeGrants } from './store-suite-grants.ts';
import { describeTransactions } from './store-suite-transactions.ts';
import { failed, NOW, type Store, type StoreTarget, type Told } from './store-target.ts';

/** What every store must do, condition by condition. `functions/core/oauth/store.ts` is the text of this contract. */
export function describeStore({ name, open, withoutItem }: StoreTarget): void {
  const told: Told = (found) => failed(withoutItem === undefined ? found : undefined);

  describe(`the store: ${name}`, () => {
    let store: Store;
    let close: () => Promise<void>;
    let count = 0;
    const id = () => `client-${count++}`;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close());

    describe('registry', () => {
      test('finds what was admitted, every attribute of it, and nothing else', async () => {
        const full = aClient({
          id: id(),
          source: 'dcr',
          ceiling: ['orders:read'],
          vettedAs: ['cursor'],
          expires: NOW + 10,
        });
        const bare = aClient({
          id: id(),
          source: 'dcr',
          name: undefined,
          grantTypes: ['authorization_code'],
          expires: NOW,
        });
        for (const client of [full, bare]) {
          expect(await store.registry.admit(client, NOW)).toEqual(ok('added'));
          expect(await store.registry.find(client.id)).toEqual(ok(client));
        }
        expect(await store.registry.find(aClient({ id: 'nobody' }).id)).toEqual(ok(undefined));
      });

      test('keeps a client that is there: attribute_not_exists(pk) OR (exp <= now AND st <> off)', async () => {
        const first = aClient({ id: id(), expires: NOW + 10 });
        const other = { ...first, name: 'Other', expires: NOW + 100 };
        await store.registry.admit(first, NOW);
        expect(await store.registry.admit(other, NOW + 9)).toEqual(ok('kept'));
        expect(await store.registry.find(first.id)).toEqual(ok(first));
        expect(await store.registry.admit(other, NOW + 10)).toEqual(ok('added'));
        expect(await store.registry.find(first.id)).toEqual(ok(other));
      });

      test('never takes a disabled client back, whatever the day', async () => {
        const client = aClient({ id: id(), expires: NOW + 10 });
        await store.registry.admit(client, NOW);
        expect(await store.desk.disable(client.id)).toEqual(ok('changed'));
        for (const now of [NOW, NOW + 11, NEVER - 1])
          expect(await store.registry.admit(client, now)).toEqual(ok('kept'));
        expect(await store.registry.find(client.id)).toEqual(ok({ ...client, status: 'off', expires: NEVER }));
        expect(await store.desk.enable(client.id, NOW + 20)).toEqual(ok('changed'));
        expect(await store.registry.find(client.id)).toEqual(ok({ ...client, status: 'on', expires: NOW + 20 }));
      });

      test('extends what is in use: st = on AND exp > now AND exp < expires', async () => {
        const client = aClient({ id: id(), expires: NOW + 10 });
        await store.registry.admit(client, NOW);
        expect(await store.registry.extend(client.id, NOW + 10, NOW + 99)).toEqual(ok('kept'));
        expect(await store.registry.extend(client.id, NOW, NOW + 10)).toEqual(ok('kept'));
        expect(await store.registry.extend(client.id, NOW, NOW + 50)).toEqual(ok('extended'));
        expect(await store.registry.find(client.id)).toEqual(ok({ ...client, expires: NOW + 50 }));
        await store.desk.disable(client.id);
        expect(await store.registry.extend(client.id, NOW, NEVER + 1)).toEqual(ok('kept'));
        expect(await store.registry.extend(aClient({ id: 'nobody' }).id, NOW, NOW + 50)).toEqual(ok('kept'));
        expect(await store.registry.find(aClient({ id: 'nobody' }).id)).toEqual(ok(undefined));
      });

      test('lets the operator enrol once, and change only what is there', async () => {
        const client = aClient({ id: id() });
        expect(await store.desk.enrol(client)).toEqual(ok('added'));
        expect(await store.desk.enrol({ ...client, name: 'Other' })).toEqual(ok('kept'));
        expect(await store.registry.find(client.id)).toEqual(ok(client));
        expect(await store.desk.disable(aClient({ id: 'nobody' }).id)).toEqual(ok('unknown'));
        expect(await store.desk.enable(aClient({ id: 'nobody' }).id, NEVER)).toEqual(ok('unknown'));
      });
    });

    describeTransactions(() => store, told);
    describeGrants(() => store, told);

    const skipped = withoutItem === undefined ? '' : ` (skipped: ${withoutItem})`;
    test.skipIf(withoutItem)(`a failed condition comes with the item that made it fail${skipped}`, async () => {
      const grant = aGrant({ codeExpires: NOW + 60, expires: NOW + 600 });
      await store.grants.mint(grant);
      await store.grants.revoke(grant.id);
      const redemption = {
        familySecret: aDigest(),
        current: aDigest(),
        idleExpires: NOW + 1,
        absoluteExpires: NOW + 1,
      };
      const refused = await store.grants.redeem(grant.id, { now: NOW, code: grant.code }, redemption);
      expect(refused).toEqual(failed({ ...grant, status: 'revoked' }));
    });
  });
}

import { describe, expect, test } from 'vitest';
import { ok } from '../../functions/core/result.ts';
import { aDigest, aTransaction } from '../support/builders.ts';
import { failed, NOW, type Store, type Told } from './store-target.ts';

/** Sign-ins in progress: each step once, by this browser, in time. */
export function describeTransactions(store: () => Store, told: Told): void {
  describe('transactions', () => {
    const consent = {
      upstream: { state: aDigest(), nonce: 'nonce', verifier: 'verifier' },
      agreed: ['orders:read'],
    };
    const opened = async (changes: Parameters<typeof aTransaction>[0] = {}) => {
      const transaction = aTransaction({ expires: NOW + 600, ...changes });
      expect(await store().transactions.open(transaction)).toEqual(ok(undefined));
      const proof = { now: NOW, browser: transaction.browser, csrf: transaction.csrf };
      return { transaction, proof };
    };

    test('go from pending to approved to done, each once', async () => {
      const { transaction, proof } = await opened({ state: undefined });
      const approved = { ...transaction, status: 'approved', ...consent };
      expect(await store().transactions.approve(transaction.id, proof, consent)).toEqual(ok(approved));
      expect(await store().transactions.approve(transaction.id, proof, consent)).toEqual(told(approved));
      expect(await store().transactions.deny(transaction.id, proof)).toEqual(told(approved));
      const back = { now: NOW, state: consent.upstream.state };
      const done = { ...approved, status: 'done', finishedBy: 'mark' };
      expect(await store().transactions.finish(transaction.id, back, 'mark')).toEqual(ok(done));
      expect(await store().transactions.finish(transaction.id, back, 'other')).toEqual(told(done));
    });

    test('are approved or denied by this browser, from this page, in time: st, exp, bind, csrf', async () => {
      const { transaction, proof } = await opened();
      for (const wrong of [{ browser: aDigest() }, { csrf: aDigest() }, { now: NOW + 600 }]) {
        expect(await store().transactions.approve(transaction.id, { ...proof, ...wrong }, consent)).toEqual(
          told(transaction),
        );
        expect(await store().transactions.deny(transaction.id, { ...proof, ...wrong })).toEqual(told(transaction));
      }
      const denied = { ...transaction, status: 'denied' };
      expect(await store().transactions.deny(transaction.id, { ...proof, now: NOW + 599 })).toEqual(ok(denied));
    });

    test('are finished by the state that went out, in time, and not before consent', async () => {
      const { transaction, proof } = await opened();
      const back = { now: NOW, state: consent.upstream.state };
      expect(await store().transactions.finish(transaction.id, back, 'm')).toEqual(told(transaction));
      await store().transactions.approve(transaction.id, proof, consent);
      const approved = { ...transaction, status: 'approved', ...consent };
      for (const wrong of [{ state: aDigest() }, { now: NOW + 600 }]) {
        expect(await store().transactions.finish(transaction.id, { ...back, ...wrong }, 'm')).toEqual(told(approved));
      }
    });

    test('that do not exist are not made by a step', async () => {
      const { id: unknown, browser, csrf } = aTransaction();
      expect(await store().transactions.deny(unknown, { now: NOW, browser, csrf })).toEqual(failed(undefined));
      expect(await store().transactions.deny(unknown, { now: NOW, browser, csrf })).toEqual(failed(undefined));
    });

    test('opened twice are opened once', async () => {
      const { transaction, proof } = await opened();
      await store().transactions.deny(transaction.id, proof);
      expect(await store().transactions.open(transaction)).toEqual(ok(undefined));
      expect(await store().transactions.deny(transaction.id, proof)).toMatchObject({ ok: false });
    });
  });
}

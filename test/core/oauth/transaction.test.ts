import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digest } from '../../../functions/core/oauth/digest.ts';
import {
  browserCookie,
  drawUpstreamLeg,
  openTransaction,
  parseUpstreamState,
  upstreamCookie,
} from '../../../functions/core/oauth/transaction.ts';
import { ownWrite, transactionRefusal } from '../../../functions/core/oauth/transaction-outcome.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClientId, aTransaction, random } from '../../support/builders.ts';

const REQUEST = {
  clientId: aClientId('client-a'),
  redirectUri: 'https://client.example/cb',
  state: 'xyz',
  challenge: 'c',
  scope: ['orders:read'],
  resource: 'https://mcp.example/mcp',
};

describe('a new transaction', () => {
  test('waits ten minutes for one browser and one page, and keeps neither of their secrets', () => {
    const { transaction, browserSecret, csrfSecret } = openTransaction(REQUEST, 1_000_000, random);
    expect(transaction).toEqual({
      ...REQUEST,
      id: expect.stringMatching(/^[\w-]{22}$/),
      status: 'pending',
      browser: digest(browserSecret),
      csrf: digest(csrfSecret),
      expires: 1_000_600,
      upstream: undefined,
      agreed: undefined,
      finishedBy: undefined,
    });
    for (const secret of [browserSecret, csrfSecret]) {
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(JSON.stringify(transaction)).not.toContain(secret);
    }
    expect(browserSecret).not.toBe(csrfSecret);
  });

  test('has cookies of its own, so that two tabs do not undo each other', () => {
    const { id } = aTransaction();
    expect([browserCookie(id), upstreamCookie(id)]).toEqual([`txn-${id}`, `st-${id}`]);
  });
});

describe('the state for the identity provider', () => {
  test('names the transaction and carries a secret of which only the digest is kept', () => {
    const { id } = aTransaction();
    const { state, secret, upstream } = drawUpstreamLeg(id, (bytes) => randomBytes(bytes));
    expect(parseUpstreamState(state)).toEqual({ id, secret });
    expect(upstream.state).toBe(digest(secret));
    const secrets = [secret, upstream.nonce, upstream.verifier];
    for (const each of secrets) expect(Buffer.from(each, 'base64url')).toHaveLength(32);
    expect(new Set(secrets).size).toBe(3);
  });

  const id = 'A'.repeat(22);
  test.each([
    '',
    '.',
    id,
    `${id}.`,
    `.${id}`,
    `${id}.x.y`,
    `${id}.x.`,
    `${id}x.secret`,
    `${id.slice(1)}.secret`,
    `${id.slice(1)}#.secret`,
  ])('is never %j', (state) => {
    expect(parseUpstreamState(state)).toBeUndefined();
  });
});

describe('the outcome of a step', () => {
  const found = aTransaction({ finishedBy: 'us' });
  const lost = refuse({ reason: 'condition-failed', found });
  const gone = refuse({ reason: 'condition-failed', found: undefined });
  const down = refuse({ reason: 'store-unavailable', operation: 'finish', detail: 'down' });
  const ours = ({ finishedBy }: typeof found) => finishedBy === 'us';

  test('is success when the write was ours, and whatever it was when it was not', () => {
    expect(ownWrite(ok(found), () => false)).toEqual(ok(found));
    expect(ownWrite(lost, ours)).toEqual(ok(found));
    expect(ownWrite(lost, () => false)).toBe(lost);
    expect(ownWrite(gone, () => true)).toBe(gone);
    expect(ownWrite(down, () => true)).toBe(down);
  });

  test('is explained by the item that was in the way, and by nothing when there was none', () => {
    const asked: unknown[] = [];
    const fault = (item: unknown) => {
      asked.push(item);
      return 'expired' as const;
    };
    expect(transactionRefusal(lost.error, fault)).toEqual({ reason: 'transaction-refused', fault: 'expired' });
    expect(transactionRefusal(gone.error, fault)).toEqual({ reason: 'transaction-refused', fault: 'expired' });
    expect(transactionRefusal(down.error, fault)).toBe(down.error);
    expect(asked).toEqual([found, undefined]);
  });
});

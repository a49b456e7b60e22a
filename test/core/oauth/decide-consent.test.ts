import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../functions/adapters/memory-store.ts';
import { type ConsentPorts, decideConsent } from '../../../functions/core/oauth/decide-consent.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { Transaction } from '../../../functions/core/oauth/transaction.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aTransaction, random } from '../../support/builders.ts';

/** What the person's decision needs before it counts, and what the log is told of one that does not. */
const NOW = 1_000_000;
const BROWSER = 'the browser’s secret';
const CSRF = 'the page’s secret';
const pending = aTransaction({ browser: digest(BROWSER), csrf: digest(CSRF), expires: NOW + 600 });
const FORM = { transaction: pending.id, csrf: CSRF, decision: 'approve', scope: 'orders:read' };
const held = { [`txn-${pending.id}`]: BROWSER };

type Told = Awaited<ReturnType<ConsentPorts['identity']['authorizationUrl']>>;
type Choice = {
  readonly stored?: Partial<Transaction> | 'none';
  readonly form?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly told?: Told;
  readonly repeatWrites?: boolean;
};

/** A decision about the transaction above, however it stands by now. */
async function decide({
  stored = {},
  form = {},
  cookies = held,
  told = ok('https://idp.example/login'),
  repeatWrites = false,
}: Choice = {}) {
  const { transactions, contents } = createMemoryStore({ repeatWrites });
  if (stored !== 'none') await transactions.open({ ...pending, ...stored });
  const asked: unknown[] = [];
  const ports: ConsentPorts = {
    now: NOW,
    random,
    transactions,
    identity: {
      authorizationUrl: async (expected) => {
        asked.push(expected);
        return told;
      },
    },
  };
  const fields = Object.entries({ ...FORM, ...form }).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, each] as const),
  );
  const result = await decideConsent(ports, fields, (name) => cookies[name]);
  return { result, asked, left: contents()[0] };
}

const refused = (reason: string, more = {}) => ({ ok: false, error: { reason, ...more } });

describe('a yes', () => {
  test('is written with what was ticked, and leads to the provider with secrets of its own', async () => {
    const scope = ['orders:read', 'tickets:read', 'orders:read'];
    const { result, asked, left } = await decide({ form: { scope } });
    if (!result.ok || result.value.decision !== 'approve') throw new Error(JSON.stringify(result));
    const { returnSecret, transaction, location } = result.value;
    expect(location).toBe('https://idp.example/login');
    expect(transaction).toEqual(left);
    expect(left).toMatchObject({
      status: 'approved',
      agreed: ['orders:read', 'tickets:read'],
      upstream: { state: digest(returnSecret) },
    });
    const { upstream } = transaction;
    expect(asked).toEqual([
      { state: `${pending.id}.${returnSecret}`, nonce: upstream?.nonce, verifier: upstream?.verifier },
    ]);
  });

  test('whose answer got lost on its way, so that it was written again, is a yes', async () => {
    expect(await decide({ repeatWrites: true })).toMatchObject({
      result: { ok: true, value: { decision: 'approve' } },
      left: { status: 'approved' },
    });
  });

  test('with every box unticked asks nobody and changes nothing', async () => {
    for (const scope of [undefined, '']) {
      expect(await decide({ form: { scope } })).toMatchObject({
        result: refused('nothing-agreed'),
        asked: [],
        left: { status: 'pending' },
      });
    }
  });

  test('is not written while the provider cannot be reached', async () => {
    const told = refuse({ reason: 'identity-unavailable', detail: 'down' });
    expect(await decide({ told })).toMatchObject({ result: told, left: { status: 'pending' } });
  });
});

describe('a no', () => {
  const form = { decision: 'deny', scope: undefined };

  test('is written, and the provider never hears of it', async () => {
    const { result, asked, left } = await decide({ form });
    expect(result).toEqual({ ok: true, value: { decision: 'deny', transaction: left } });
    expect([left, asked]).toMatchObject([{ status: 'denied' }, []]);
  });

  test('said twice from the same page is one no', async () => {
    expect(await decide({ form, stored: { status: 'denied' } })).toMatchObject({ result: { ok: true } });
  });

  test.each([
    ['from another browser', { browser: digest('another') }],
    ['from another page', { csrf: digest('another') }],
    ['after a yes', { status: 'approved' as const }],
  ])('%s is not that no', async (_, stored) => {
    const { result } = await decide({ form, stored: { status: 'denied', ...stored } });
    expect(result).toEqual(refused('transaction-refused', { fault: 'not-pending' }));
  });
});

describe.each(['approve', 'deny'])('%s', (decision) => {
  test.each<[string, string, Partial<Transaction> | 'none']>([
    ['a transaction that does not exist', 'unknown', 'none'],
    ['one whose time is over', 'expired', { expires: NOW }],
    ['one that was used, when it is over too', 'expired', { expires: NOW - 1, status: 'done' }],
    ['one that was agreed to', 'not-pending', { status: 'approved' }],
    ['one that is done', 'not-pending', { status: 'done' }],
    ['one of another browser', 'other-browser', { browser: digest('another') }],
    ['one of another browser and page', 'other-browser', { browser: digest('another'), csrf: digest('another') }],
    ['one of another page', 'other-form', { csrf: digest('another') }],
  ])('to %s is refused: %s', async (_, fault, stored) => {
    const { result, left } = await decide({ stored, form: { decision } });
    expect(result).toEqual(refused('transaction-refused', { fault }));
    if (stored !== 'none') expect(left).toEqual({ ...pending, ...stored });
  });

  test('holds until the last second', async () => {
    expect(await decide({ stored: { expires: NOW + 1 }, form: { decision } })).toMatchObject({ result: { ok: true } });
  });

  test.each<[string, object, Choice]>([
    ['names no transaction', refused('transaction-unnamed'), { form: { transaction: undefined } }],
    ['names garbage', refused('transaction-unnamed'), { form: { transaction: `${pending.id}#` } }],
    ['comes without a cookie', refused('cookie-missing', { cookie: 'txn' }), { cookies: {} }],
    ['comes with the cookie of another', refused('cookie-missing'), { cookies: { 'txn-x': BROWSER } }],
    ['comes without the page’s secret', refused('transaction-refused'), { form: { csrf: undefined } }],
    [
      'is said twice',
      refused('repeated-parameter', { parameter: 'decision' }),
      { form: { decision: ['deny', 'deny'] } },
    ],
    [
      'names two transactions',
      refused('repeated-parameter', { parameter: 'transaction' }),
      { form: { transaction: [pending.id, pending.id] } },
    ],
    ['has two secrets', refused('repeated-parameter', { parameter: 'csrf' }), { form: { csrf: [CSRF, CSRF] } }],
  ])('that %s is refused', async (_, expected, choice) => {
    const { result, left } = await decide({ ...choice, form: { decision, ...choice.form } });
    expect(result).toMatchObject(expected);
    expect(left).toEqual(pending);
  });
});

test.each([undefined, '', 'Approve', 'approved', 'yes', 'approve '])('%j is no decision', async (decision) => {
  expect(await decide({ form: { decision } })).toMatchObject({
    result: refused('decision-unclear'),
    left: { status: 'pending' },
  });
});

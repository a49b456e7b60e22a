import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../functions/adapters/memory-store.ts';
import { type Allowance, createAllowance } from '../../../functions/core/oauth/allowance.ts';
import { BATCH, bucketOf, type RequestLimit, type TokenBuckets } from '../../../functions/core/oauth/token-bucket.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClientId } from '../../support/builders.ts';

/** Tokens of a client: what one environment gives, what many give together, and what happens when there are none. */
const CLIENT = aClientId('client-a');
const LIMIT: RequestLimit = { rate: 5, burst: 20 };

function aClock(start = 1_000_000) {
  const clock = {
    now: start,
    millis: () => clock.now,
  };
  return clock;
}

function anEnvironment(limit = LIMIT) {
  const clock = aClock();
  const { buckets } = createMemoryStore();
  const taken = { count: 0 };
  const counting: TokenBuckets = {
    take: (...of) => {
      taken.count++;
      return buckets.take(...of);
    },
  };
  return { clock, buckets, taken, allowance: createAllowance({ clock, buckets: counting, limit }) };
}

async function given(allowance: Allowance, times: number, client = CLIENT): Promise<number> {
  let count = 0;
  for (let each = 0; each < times; each++) if ((await allowance(client)).ok) count++;
  return count;
}

const tooMany = (retryAfter: number) => refuse({ reason: 'too-many-requests', clientId: CLIENT, retryAfter });

describe('one environment', () => {
  test('gives nine without a word to the table, and pays for ten with the tenth', async () => {
    const { allowance, taken } = anEnvironment();
    expect(await given(allowance, 9)).toBe(9);
    expect(taken.count).toBe(0);
    expect(await allowance(CLIENT)).toEqual(ok(undefined));
    expect(taken.count).toBe(1);
    expect([await given(allowance, 9), taken.count]).toEqual([9, 1]);
  });

  test('gives its burst and nine more, then says in whole seconds when there are ten again', async () => {
    const { allowance, clock } = anEnvironment();
    expect(await given(allowance, 200)).toBe(29);
    expect(await allowance(CLIENT)).toEqual(tooMany(2));
    clock.now += 1;
    expect(await allowance(CLIENT)).toEqual(tooMany(2));
    clock.now += 1_000;
    expect(await allowance(CLIENT)).toEqual(tooMany(1));
    clock.now += 999;
    expect(await allowance(CLIENT)).toEqual(ok(undefined));
  });

  test('refuses by itself until then, and asks the table again only afterwards', async () => {
    const { allowance, clock, taken } = anEnvironment();
    await given(allowance, 30);
    expect(taken.count).toBe(3);
    await given(allowance, 100);
    expect(taken.count).toBe(3);
    clock.now += 2_000;
    await given(allowance, 1);
    expect(taken.count).toBe(4);
  });

  test('after a refusal owes what it owed: the first request that is served pays', async () => {
    const { allowance, clock, taken } = anEnvironment();
    await given(allowance, 40);
    clock.now += 2_000;
    // One pays for ten, nine are in arrears, and the next finds the bucket empty.
    expect([await given(allowance, 11), taken.count]).toEqual([10, 5]);
  });

  test('of one client says nothing about another', async () => {
    const { allowance } = anEnvironment();
    await given(allowance, 100);
    expect(await given(allowance, 29, aClientId('client-b'))).toBe(29);
  });

  test('lets nobody through whose tenth cannot be paid, and the next one pays', async () => {
    const { clock, buckets } = anEnvironment();
    let down = true;
    const unavailable = refuse({ reason: 'store-unavailable', operation: 'UpdateItem', detail: 'down' });
    const flaky: TokenBuckets = { take: async (...of) => (down ? unavailable : buckets.take(...of)) };
    const allowance = createAllowance({ clock, buckets: flaky, limit: LIMIT });
    await given(allowance, 9);
    for (let again = 0; again < 3; again++) expect(await allowance(CLIENT)).toEqual(unavailable);
    down = false;
    expect(await given(allowance, 100)).toBe(20);
  });

  test('remembers a thousand clients, and of more forgets the one unused for longest', async () => {
    const { allowance, taken } = anEnvironment();
    const clients = Array.from({ length: 1_000 }, (_, n) => aClientId(`client-${n}`));
    const [first = CLIENT, second = CLIENT, ...others] = clients;
    for (const client of [second, first]) await given(allowance, 9, client);
    for (const client of [...others, first]) await allowance(client);
    expect(taken.count).toBe(1);
    await allowance(aClientId('one-more'));
    // The second was forgotten, and begins anew; the first was not.
    await allowance(second);
    expect(taken.count).toBe(1);
    await given(allowance, 9, first);
    expect(taken.count).toBe(1);
    await allowance(first);
    expect(taken.count).toBe(2);
  });

  test('never refuses who stays under the rate', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 10, max: 60 }), async (rate, burst) => {
        const { allowance, clock } = anEnvironment({ rate, burst });
        for (let each = 0; each < 60; each++) {
          expect((await allowance(CLIENT)).ok).toBe(true);
          clock.now += Math.ceil(bucketOf({ rate, burst }).cost / BATCH);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('many environments on one bucket', () => {
  const anyLimit = fc.record({ rate: fc.integer({ min: 1, max: 40 }), burst: fc.integer({ min: 10, max: 120 }) });
  const anyTraffic = fc.array(
    fc.record({
      wait: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 5_000 })),
      each: fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 50 }),
    }),
    { minLength: 1, maxLength: 25 },
  );

  test('never give more than rate * t + burst, and nine for each of them, in any stretch of time', async () => {
    await fc.assert(
      fc.asyncProperty(anyLimit, anyTraffic, async (limit, traffic) => {
        const clock = aClock();
        const { buckets } = createMemoryStore();
        const environments: Allowance[] = [];
        const history: { readonly at: number; readonly count: number }[] = [];
        for (const { wait, each } of traffic) {
          clock.now += wait;
          while (environments.length < each.length) environments.push(createAllowance({ clock, buckets, limit }));
          // Each serves one request at a time, and all of them at once.
          const counts = await Promise.all(
            environments.slice(0, each.length).map((allowance, n) => given(allowance, each[n] ?? 0)),
          );
          history.push({ at: clock.now, count: counts.reduce((sum, count) => sum + count, 0) });
        }
        const free = (BATCH - 1) * environments.length;
        for (const [first, { at: from }] of history.entries()) {
          let sum = 0;
          for (const { at, count } of history.slice(first)) {
            sum += count;
            expect(sum).toBeLessThanOrEqual((limit.rate * (at - from)) / 1000 + limit.burst + free);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('share it: fifty at once have the burst of one, and what is free', async () => {
    const clock = aClock();
    const { buckets } = createMemoryStore();
    const environments = Array.from({ length: 50 }, () => createAllowance({ clock, buckets, limit: LIMIT }));
    const counts = await Promise.all(environments.map((allowance) => given(allowance, 100)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(LIMIT.burst + 9 * 50);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../../functions/core/audit/event.ts';
import { createRefusalCounts, MINUTE, ONE_BY_ONE } from '../../../functions/core/audit/refusal-counts.ts';
import { anEvent } from './builders.ts';

/** Which refusals have rows of their own, and what the row says that stands for the others. */
const NOW = Date.parse('2025-11-22T10:00:00.000Z');
const refusal = (changed: Partial<AuditEvent> = {}): AuditEvent =>
  anEvent({
    phase: 'event',
    tool: 'auth:sign-in',
    subject: undefined,
    decision: 'denied',
    reason: 'sign-in-refused',
    countable: true,
    about: 'a grant',
    approvalId: 'a transaction',
    ...changed,
  });

/** So many at once, and how many of them had rows. */
function flood(counts: ReturnType<typeof createRefusalCounts>, times: number, event = refusal(), now = NOW): number {
  let rows = 0;
  for (let at = 0; at < times; at++) if (counts.admits({ ...event, requestId: `r${at}` }, now)) rows++;
  return rows;
}

describe('of refusals of one kind', () => {
  test(`${ONE_BY_ONE} in a minute have rows, and one row has the number of the others`, () => {
    const counts = createRefusalCounts();
    expect(flood(counts, 1_000)).toBe(ONE_BY_ONE);
    expect(counts.due(NOW + MINUTE - 1)).toBeUndefined();
    expect(counts.due(NOW + MINUTE)?.event).toEqual({
      phase: 'count',
      tool: 'auth:sign-in',
      decision: 'denied',
      reason: 'sign-in-refused',
      requestId: 'r999',
      clientId: refusal().clientId,
      subject: undefined,
      scopes: [],
      rows: 1_000 - ONE_BY_ONE,
      durationMs: MINUTE,
    });
  });

  test('no more than that have no number', () => {
    const counts = createRefusalCounts();
    expect(flood(counts, ONE_BY_ONE)).toBe(ONE_BY_ONE);
    expect(counts.due(NOW + 10 * MINUTE)).toBeUndefined();
  });

  test('a number stays due until it is durable, grows meanwhile, and is said once', () => {
    const counts = createRefusalCounts();
    flood(counts, 30);
    expect(counts.due(NOW + MINUTE)?.event.rows).toBe(10);
    // Its row failed, and more came: they are of the number that is still to be said.
    expect(flood(counts, 5, refusal(), NOW + MINUTE)).toBe(0);
    const due = counts.due(NOW + 2 * MINUTE);
    expect(due?.event).toMatchObject({ rows: 15, durationMs: 2 * MINUTE });
    due?.durable();
    expect(counts.due(NOW + 9 * MINUTE)).toBeUndefined();
  });

  test('the next minute begins with rows again', () => {
    const counts = createRefusalCounts();
    flood(counts, ONE_BY_ONE);
    expect(flood(counts, 1, refusal(), NOW + MINUTE - 1)).toBe(0);
    counts.due(NOW + MINUTE)?.durable();
    expect(flood(counts, 30, refusal(), NOW + MINUTE)).toBe(ONE_BY_ONE);
  });

  test('a clock that goes back ends the minute', () => {
    const counts = createRefusalCounts();
    flood(counts, 25);
    expect(counts.due(NOW - 1)?.event).toMatchObject({ rows: 5, durationMs: 0 });
  });
});

describe('counted together are', () => {
  test('no two persons: nobody’s refusals are lost among another’s', () => {
    const counts = createRefusalCounts();
    flood(counts, 500, refusal({ subject: 'eve', reason: 'no-role' }));
    expect(flood(counts, 1, refusal({ subject: 'ada', reason: 'no-role' }))).toBe(1);
    expect(flood(counts, 1, refusal())).toBe(1);
    expect(counts.due(NOW + MINUTE)?.event).toMatchObject({ subject: 'eve', rows: 480 });
  });

  test('no two reasons and no two kinds', () => {
    const counts = createRefusalCounts();
    flood(counts, 500);
    expect(flood(counts, 1, refusal({ reason: 'identity-refused' }))).toBe(1);
    expect(flood(counts, 1, refusal({ tool: 'auth:consent' }))).toBe(1);
  });

  test('whichever clients they name: anybody can name any', () => {
    const counts = createRefusalCounts();
    let rows = 0;
    for (let at = 0; at < 100; at++) if (counts.admits(refusal({ clientId: `client-${at}` }), NOW)) rows++;
    expect(rows).toBe(ONE_BY_ONE);
    expect(counts.due(NOW + MINUTE)?.event).toMatchObject({ clientId: '*', rows: 80 });
  });
});

test('whatever comes whenever, the rows and the numbers add up to what came', () => {
  const arrival = fc.record({
    wait: fc.nat({ max: 40_000 }),
    subject: fc.constantFrom(undefined, 'ada', 'eve'),
    times: fc.nat({ max: 50 }),
    durable: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 30 }), (arrivals) => {
      const counts = createRefusalCounts();
      let now = NOW;
      let came = 0;
      let recorded = 0;
      const say = (durable: boolean) => {
        const due = counts.due(now);
        if (due === undefined || !durable) return false;
        recorded += due.event.rows ?? 0;
        due.durable();
        return true;
      };
      for (const { wait, subject, times, durable } of arrivals) {
        now += wait;
        say(durable);
        came += times;
        recorded += flood(counts, times, refusal({ subject }), now);
      }
      now += MINUTE;
      while (say(true));
      expect(recorded).toBe(came);
    }),
  );
});

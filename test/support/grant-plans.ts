import fc from 'fast-check';

/** Plans of what happens to one grant, as plain data: fast-check shrinks them and prints the one that broke a promise. */
export type Move =
  | { readonly is: 'redeem'; readonly verifier: 'right' | 'wrong' }
  /** `age` 0 is the newest refresh token anybody saw, 1 the one before it; the code where there is none. */
  | { readonly is: 'refresh' | 'revoke-by-client'; readonly age: number }
  | { readonly is: 'revoke-by-operator' }
  /** The client revokes with the code, which stands for the family no longer once it is redeemed. */
  | { readonly is: 'revoke-by-code' }
  | { readonly is: 'guess' }
  | { readonly is: 'forge' };

/**
 * What happens to one request: its operation number `at` never happens; the answer of its write number `at` is lost, or
 * that write happens twice; the signing key does not answer; the client has no allowance left.
 */
export type Fault = {
  readonly kind: 'none' | 'throttled' | 'lost' | 'repeated' | 'signing' | 'limited';
  readonly at: number;
};

/** Requests that run at once, after the clock went on by `advance`; meanwhile it goes on by `tick`. Seconds. */
export type Step = {
  readonly advance: number;
  readonly tick: number;
  readonly moves: readonly { readonly move: Move; readonly fault: Fault }[];
};

export type Plan = { readonly grace: number; readonly steps: readonly Step[] };

const DAY = 86_400;

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Move>({ is: 'redeem', verifier: 'right' }) },
  { weight: 2, arbitrary: fc.constant<Move>({ is: 'redeem', verifier: 'wrong' }) },
  { weight: 12, arbitrary: fc.constant<Move>({ is: 'refresh', age: 0 }) },
  { weight: 4, arbitrary: fc.constant<Move>({ is: 'refresh', age: 1 }) },
  { weight: 1, arbitrary: fc.nat(6).map((age): Move => ({ is: 'refresh', age })) },
  { weight: 1, arbitrary: fc.nat(6).map((age): Move => ({ is: 'revoke-by-client', age })) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ is: 'revoke-by-operator' }, { is: 'forge' }) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ is: 'guess' }, { is: 'revoke-by-code' }) },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>({ kind: 'none', at: 0 }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constantFrom('lost', 'repeated'), at: fc.constantFrom(0, 0, 0, 1) }),
      fc.record({ kind: fc.constantFrom('throttled', 'throttled', 'signing', 'limited'), at: fc.nat(3) }),
    ),
  },
);

const passing = fc.oneof(
  { weight: 10, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constantFrom(1, 9, 10, 11, 59, 60, 61) },
  { weight: 2, arbitrary: fc.constantFrom(25 * DAY, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1, 90 * DAY) },
);

const several = fc.array(fc.record({ move, fault }), { minLength: 1, maxLength: 4 });
/** Several that do the same: what a client does that refreshes in parallel, or whose retries overtake each other. */
const same = fc
  .tuple(move, fc.array(fault, { minLength: 2, maxLength: 4 }))
  .map(([one, faults]) => faults.map((each) => ({ move: one, fault: each })));

const step: fc.Arbitrary<Step> = fc.record({
  advance: passing,
  tick: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: passing }),
  moves: fc.oneof(
    { weight: 3, arbitrary: several.map((moves) => moves.slice(0, 1)) },
    { weight: 2, arbitrary: several },
    { weight: 2, arbitrary: same },
  ),
});

const alone = (move: Move, advance = 0): Step => ({
  advance,
  tick: 0,
  moves: [{ move, fault: { kind: 'none', at: 0 } }],
});
const redeemed = alone({ is: 'redeem', verifier: 'right' });
const kept = alone({ is: 'refresh', age: 0 }, 30 * DAY - 1);

/** Where a plan begins: with a code, with a family that is new, or with one that was kept until seconds before its end. */
const beginning = fc.constantFrom<readonly Step[]>([], [redeemed], [redeemed], [redeemed, kept, kept, kept]);

export const plans: fc.Arbitrary<Plan> = fc
  .record({
    grace: fc.constantFrom(0, 10),
    beginning,
    steps: fc.array(step, { minLength: 1, maxLength: 14 }),
  })
  .map(({ grace, beginning, steps }) => ({ grace, steps: [...beginning, ...steps] }));

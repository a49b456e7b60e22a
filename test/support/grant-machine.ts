import type fc from 'fast-check';
import { openAssertion } from '../../functions/adapters/open-assertion.ts';
import { digest } from '../../functions/core/oauth/digest.ts';
import { exchangeToken } from '../../functions/core/oauth/exchange-token.ts';
import { type Grant, mintGrant } from '../../functions/core/oauth/grant.ts';
import type { GrantId } from '../../functions/core/oauth/identifiers.ts';
import { revokeToken } from '../../functions/core/oauth/revoke-token.ts';
import { parseTokenString, writeTokenString } from '../../functions/core/oauth/token-string.ts';
import type { Result } from '../../functions/core/result.ts';
import { aTransaction, random } from './builders.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFaults } from './grant-faults.ts';
import { explain, type Model, type Observed, type Request } from './grant-model.ts';
import type { Fault, Move, Plan, Step } from './grant-plans.ts';
import type { MachineStore } from './grant-stores.ts';
import { onRecord } from './on-record.ts';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const ISSUER = 'https://mcp.example';
/** Answered by 503 or 429. */
const COME_AGAIN = new Set(['store-unavailable', 'signing-unavailable', 'too-many-requests']);

type Answer = Observed['answer'];

/**
 * Runs a plan against one grant, over the real core functions and a real store. After every step what came back and what
 * is stored must be explained by the model, and the promises that need no model are checked by themselves.
 *
 * @param reached collects the reasons of all refusals, so that a test can tell whether its plans went everywhere
 * @throws Error that says which promise broke; fast-check adds the plan and the interleaving
 */
export async function runPlan(
  store: MachineStore,
  { grace, steps }: Plan,
  scheduler: fc.Scheduler,
  reached: Set<string>,
): Promise<void> {
  const clock = createFakeClock();
  const transaction = aTransaction({ challenge: digest(VERIFIER) });
  const identity = { subject: 'ada', roles: ['editor'], tenant: 'north' };
  const { grant, code } = mintGrant(transaction, identity, ['orders:read'], clock.seconds(), random);
  await store.grants.mint(grant);

  const held: { model: Model } = { model: { status: 'code', codeExpires: grant.codeExpires } };
  const tokens: string[] = [];
  const successors = new Map<string, string>();
  const journal: string[] = [];

  const send = async (request: Request, fault: Fault): Promise<Observed> => {
    const injected = createFaults(fault, scheduler, journal);
    const ports = {
      clock,
      random,
      issuer: ISSUER,
      resource: transaction.resource,
      openAssertion,
      refreshGrace: grace,
      registry: injected.around(store.registry),
      grants: injected.around(store.grants),
      assertions: injected.around(store.assertions),
      allowance: injected.allowance,
      signer: { kid: 'key', sign: injected.sign },
      record: onRecord,
    };
    const outcome = async (): Promise<Result<{ refreshToken?: string | undefined }, { reason: string }>> => {
      if (request.is === 'revoke-by-operator') {
        const revoked = await ports.grants.revoke(grant.id);
        return revoked.ok ? { ok: true, value: {} } : revoked;
      }
      if (request.is === 'revoke-by-client') {
        const token = request.token === 'code' ? code : request.token;
        const revoked = await revokeToken(ports, Object.entries({ client_id: 'client-a', token }), undefined);
        return revoked.ok ? { ok: true, value: {} } : revoked;
      }
      return exchangeToken(ports, Object.entries(formOf(request)), undefined);
    };
    const answer = answerOf(await outcome(), reached);
    if (answer.is === 'issued' && injected.fired() !== 'repeated' && injected.sawRevoked()) {
      throw new Error(`a token was given after the family was seen revoked: ${JSON.stringify({ request, answer })}`);
    }
    return { request, answer, fault: injected.fired() };
  };

  const formOf = (request: Request): Record<string, string> => {
    const refresh = { grant_type: 'refresh_token', client_id: 'client-a' };
    switch (request.is) {
      case 'redeem': {
        const verifier = request.verifier === 'right' ? VERIFIER : VERIFIER.toLowerCase();
        return { grant_type: 'authorization_code', client_id: 'client-a', code, code_verifier: verifier };
      }
      case 'refresh':
        return { ...refresh, refresh_token: request.token };
      case 'forged':
        return { ...refresh, refresh_token: spoiled(tokens[0] ?? code, 'rotatingSecret') };
      default:
        return { ...refresh, refresh_token: spoiled(tokens[0] ?? code, 'familySecret') };
    }
  };

  /** What a move means now: which token it presents depends on the ones that were seen. */
  const requestOf = (move: Move): Request => {
    if (move.is === 'redeem' || move.is === 'revoke-by-operator') return move;
    if (move.is === 'revoke-by-code') return { is: 'revoke-by-client', token: 'code' };
    if (move.is === 'guess') return { is: 'hopeless' };
    if (move.is === 'forge') return tokens.length > 0 ? { is: 'forged' } : { is: 'hopeless' };
    const token = tokens[Math.max(0, tokens.length - 1 - move.age)];
    if (move.is === 'revoke-by-client') return { is: move.is, token: token ?? 'code' };
    return token === undefined ? { is: 'hopeless' } : { is: 'refresh', token };
  };

  const take = async ({ advance, moves, tick }: Step): Promise<void> => {
    clock.advance(`${advance}s`);
    const before = await stored(store, grant.id);
    const moments = [clock.seconds()];
    const sent = moves.map(({ move, fault }) => send(requestOf(move), fault));
    const ticking = scheduler.schedule(Promise.resolve(), 'clock').then(() => {
      if (tick > 0) clock.advance(`${tick}s`);
    });
    const observed = await scheduler.waitFor(Promise.all(sent));
    await scheduler.waitFor(ticking);
    if (tick > 0) moments.push(clock.seconds());

    const after = await stored(store, grant.id);
    const told = JSON.stringify(observed);
    for (const { request, answer } of observed) {
      if (answer.is !== 'issued') continue;
      if (held.model.status === 'revoked') throw new Error(`a revoked family gave a token: ${told}`);
      const parent = request.is === 'refresh' ? request.token : 'code';
      const known = successors.get(parent);
      if (known !== undefined && (known !== answer.token || parent === 'code')) {
        throw new Error(`${parent === 'code' ? 'a code was redeemed twice' : 'a token got two successors'}: ${told}`);
      }
      successors.set(parent, answer.token);
      if (!tokens.includes(answer.token)) tokens.push(answer.token);
    }
    const end = journal.findIndex((verb) => verb.startsWith('revoke'));
    const late = end < 0 ? undefined : journal.slice(end).find((verb) => verb === 'redeem' || verb === 'rotate');
    if (store.inOrder && late !== undefined) throw new Error(`${late} wrote to a family that was revoked: ${told}`);
    if (before.status === 'revoked' && after.status !== 'revoked')
      throw new Error(`a revoked family came back: ${told}`);
    if (observed.every(({ fault }) => fault === 'never-happened') && JSON.stringify(before) !== JSON.stringify(after)) {
      throw new Error(`something was spent by a 503 or a 429: ${told}`);
    }
    const next = explain(held.model, observed, moments, grace, after);
    if (next === undefined) {
      const was = JSON.stringify(held.model);
      throw new Error(
        `no order of these requests explains what came back and ${JSON.stringify(after)}: ${told}; ${was}`,
      );
    }
    held.model = next;
  };

  for (const step of steps) await take(step);
  if (held.model.status !== 'revoked') return;
  for (const [age] of [...tokens, code].entries()) {
    await take({ advance: 0, tick: 0, moves: [{ move: { is: 'refresh', age }, fault: { kind: 'none', at: 0 } }] });
  }
}

async function stored(store: MachineStore, id: GrantId): Promise<Grant> {
  const found = await store.grants.find(id);
  if (!found.ok || found.value === undefined) throw new Error(`the grant is gone: ${JSON.stringify(found)}`);
  return found.value;
}

function answerOf(
  outcome: Result<{ refreshToken?: string | undefined }, { reason: string }>,
  reached: Set<string>,
): Answer {
  if (outcome.ok) {
    const { refreshToken } = outcome.value;
    return refreshToken === undefined ? { is: 'done' } : { is: 'issued', token: refreshToken };
  }
  const { reason } = outcome.error;
  const end = 'end' in outcome.error ? `-${outcome.error.end}` : '';
  reached.add(`${reason}${end}`);
  return { is: COME_AGAIN.has(reason) ? 'unavailable' : 'refused' };
}

/** The same token with one of its secrets drawn anew. */
function spoiled(token: string, part: 'familySecret' | 'rotatingSecret'): string {
  const parsed = parseTokenString(token);
  if (parsed === undefined) throw new Error('a token of ours does not parse');
  return writeTokenString({ ...parsed, [part]: random(32).toString('base64url') });
}

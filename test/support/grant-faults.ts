import type fc from 'fast-check';
import type { ClientId } from '../../functions/core/oauth/identifiers.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import type { Observed } from './grant-model.ts';
import type { Fault } from './grant-plans.ts';

const WRITES = new Set(['redeem', 'rotate', 'revoke', 'revokeHeld']);

/**
 * Lets others pass before every operation of one request, and does to one of them what the plan says. `journal` gets the
 * writes that changed something, of all requests, in their order.
 */
export function createFaults(fault: Fault, scheduler: fc.Scheduler, journal: string[]) {
  const ofWrites = fault.kind === 'lost' || fault.kind === 'repeated';
  let count = 0;
  let fired: Observed['fault'] = 'none';
  let seen = false;
  const pass = (label: string) => scheduler.schedule(Promise.resolve(), label);
  const unavailable = (operation: string) => refuse({ reason: 'store-unavailable', operation, detail: 'injected' });

  const operate = async (verb: string, call: () => unknown): Promise<unknown> => {
    const run = async (): Promise<unknown> => {
      const answer = await call();
      if (WRITES.has(verb) && took(answer)) journal.push(verb);
      if (foundRevoked(answer)) seen = true;
      return answer;
    };
    const counts = ofWrites ? WRITES.has(verb) : true;
    const mine = counts && count++ === fault.at;
    await pass(verb);
    if (mine && fault.kind === 'throttled') {
      fired = 'never-happened';
      return unavailable(verb);
    }
    const answer = await run();
    if (!mine) return answer;
    if (fault.kind === 'lost') {
      fired = 'answer-lost';
      return unavailable(verb);
    }
    if (fault.kind !== 'repeated') return answer;
    fired = 'repeated';
    await pass(`${verb}, repeated`);
    return run();
  };

  return {
    fired: () => fired,
    sawRevoked: () => seen,
    allowance: async (clientId: ClientId) => {
      await pass('allowance');
      if (fault.kind !== 'limited') return ok(undefined);
      fired = 'never-happened';
      return refuse({ reason: 'too-many-requests', clientId, retryAfter: 1 });
    },
    sign: async (): Promise<Uint8Array> => {
      await pass('sign');
      if (fault.kind !== 'signing') return new Uint8Array(64);
      fired = 'never-happened';
      throw new Error('injected');
    },
    around: <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const verb: unknown = Reflect.get(target, name, receiver);
          if (typeof verb !== 'function') return verb;
          return (...args: unknown[]) => operate(String(name), () => Reflect.apply(verb, target, args));
        },
      }),
  };
}

/** Whether a write changed the item. */
function took(answer: unknown): boolean {
  const { ok, value }: { ok?: unknown; value?: unknown } = Object(answer);
  return ok === true && value !== 'kept';
}

/** Whether a write found that the family is dead. */
function foundRevoked(answer: unknown): boolean {
  const { error }: { error?: unknown } = Object(answer);
  const { found }: { found?: unknown } = Object(error);
  return Object(found).status === 'revoked';
}

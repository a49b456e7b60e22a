import { digest } from '../../functions/core/oauth/digest.ts';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import { parseTokenString } from '../../functions/core/oauth/token-string.ts';

/**
 * What a grant may do, said once more and independently of the code: a state, and for each request the one answer it
 * gets and the state it leaves. Requests that ran at once are explained by some order in which they could have run one
 * after another (linearizability); if there is none, the code did something that no order allows.
 */
export type Model =
  | { readonly status: 'code'; readonly codeExpires: number }
  | {
      readonly status: 'active';
      /** Every refresh token there ever was, the last one good. `undefined` for one whose answer got lost. */
      readonly chain: readonly (string | undefined)[];
      readonly rotatedAt: number | undefined;
      readonly idle: number;
      readonly absolute: number;
    }
  | { readonly status: 'revoked' };

export type Request =
  | { readonly is: 'redeem'; readonly verifier: 'right' | 'wrong' }
  | { readonly is: 'refresh'; readonly token: string }
  /** A code as a refresh token, a made-up family, another client's request: nothing may come of it. */
  | { readonly is: 'hopeless' }
  /** A token of this family that was never issued. */
  | { readonly is: 'forged' }
  | { readonly is: 'revoke-by-client'; readonly token: string | 'code' }
  | { readonly is: 'revoke-by-operator' };

/** What came back, and what was done to the request's operations on the way. */
export type Observed = {
  readonly request: Request;
  readonly answer:
    | { readonly is: 'issued'; readonly token: string }
    | { readonly is: 'done' | 'refused' | 'unavailable' };
  readonly fault: 'none' | 'never-happened' | 'answer-lost' | 'repeated';
};

const IDLE = 30 * 86_400;
const ABSOLUTE = 90 * 86_400;

/** `next` is the state after it, given the token that was issued, as far as anybody saw it. */
type Prediction = {
  readonly answer: 'fresh' | 'done' | 'refused' | { readonly successor: string | undefined };
  readonly next: (token: string | undefined) => Model;
};

function predict(model: Model, request: Request, now: number, grace: number): Prediction {
  const refused = (next: Model = model): Prediction => ({ answer: 'refused', next: () => next });
  const revoked: Model = { status: 'revoked' };
  switch (request.is) {
    case 'hopeless':
      return refused();
    case 'revoke-by-operator':
      return { answer: 'done', next: () => revoked };
    case 'revoke-by-client': {
      const held = request.token === 'code' ? model.status === 'code' : model.status === 'active';
      return { answer: 'done', next: () => (held ? revoked : model) };
    }
    case 'redeem':
      if (request.verifier === 'wrong' || model.status === 'revoked') return refused();
      if (model.status === 'active') return refused(revoked);
      if (model.codeExpires <= now) return refused();
      return {
        answer: 'fresh',
        next: (token) => ({
          status: 'active',
          chain: [token],
          rotatedAt: undefined,
          idle: now + IDLE,
          absolute: now + ABSOLUTE,
        }),
      };
    case 'forged':
      return model.status === 'active' ? refused(revoked) : refused();
    case 'refresh':
      return model.status === 'active' ? refresh(model, request.token, now, grace) : refused();
  }
}

function refresh(model: Model & { readonly status: 'active' }, token: string, now: number, grace: number): Prediction {
  const { chain, rotatedAt, idle, absolute } = model;
  const over = Math.min(idle, absolute) <= now;
  const refused = (next: Model): Prediction => ({ answer: 'refused', next: () => next });
  if (chain.at(-1) === token) {
    if (over) return refused(model);
    const next = (fresh: string | undefined): Model => ({
      ...model,
      chain: [...chain, fresh],
      rotatedAt: now,
      idle: Math.min(now + IDLE, absolute),
    });
    return { answer: 'fresh', next };
  }
  const inGrace = rotatedAt !== undefined && chain.at(-2) === token && rotatedAt + grace > now;
  if (!inGrace) return refused({ status: 'revoked' });
  if (over) return refused(model);
  const next = (seen: string | undefined): Model => ({
    ...model,
    chain: [...chain.slice(0, -1), seen ?? chain.at(-1)],
  });
  return { answer: { successor: chain.at(-1) }, next };
}

/** The states a request may leave, given what was observed of it. */
function outcomes(model: Model, observed: Observed, now: number, grace: number, alone: boolean): readonly Model[] {
  const { request, answer, fault } = observed;
  const prediction = predict(model, request, now, grace);
  switch (fault) {
    case 'never-happened':
      return answer.is === 'unavailable' ? [model] : [];
    case 'answer-lost': {
      if (answer.is !== 'unavailable') return [];
      // Among others, its condition may have been false, and then nothing was written.
      const after = prediction.next(undefined);
      return alone ? [after] : [after, model];
    }
    case 'repeated': {
      // Somebody may have ended the family between the two: the requester gets nothing, and the family is dead.
      const failedClosed = !alone && answer.is === 'refused' ? [prediction.next(undefined)] : [];
      return [...failedClosed, ...plain()];
    }
    case 'none':
      return plain();
  }
  function plain(): readonly Model[] {
    if (answer.is !== 'issued') return prediction.answer === answer.is ? [prediction.next(undefined)] : [];
    if (prediction.answer === 'fresh') return [prediction.next(answer.token)];
    if (typeof prediction.answer === 'string') return [];
    const { successor } = prediction.answer;
    return successor === undefined || successor === answer.token ? [prediction.next(answer.token)] : [];
  }
}

/**
 * The state after these requests, which ran at once, if some order of them explains every answer and what is stored.
 * `moments` are the times that the clock showed meanwhile.
 */
export function explain(
  model: Model,
  observed: readonly Observed[],
  moments: readonly number[],
  grace: number,
  stored: Grant,
): Model | undefined {
  const search = (state: Model, left: readonly Observed[]): Model | undefined => {
    if (left.length === 0) return agrees(state, stored) ? state : undefined;
    for (const each of left) {
      const others = left.filter((other) => other !== each);
      for (const now of moments) {
        for (const next of outcomes(state, each, now, grace, observed.length === 1)) {
          const found = search(next, others);
          if (found !== undefined) return found;
        }
      }
    }
    return undefined;
  };
  return search(model, observed);
}

/** Whether the item says what the model says. */
function agrees(model: Model, stored: Grant): boolean {
  if (model.status !== stored.status) return false;
  if (model.status !== 'active') return true;
  const { family } = stored;
  const current = model.chain.at(-1);
  return (
    family !== undefined &&
    family.generation === model.chain.length - 1 &&
    family.idleExpires === model.idle &&
    family.absoluteExpires === model.absolute &&
    family.superseded?.at === model.rotatedAt &&
    (current === undefined || family.current === digest(parseTokenString(current)?.rotatingSecret ?? ''))
  );
}

import type { AuditEvent } from './event.ts';

/**
 * Refusals that somebody can cause as often as they like: the first of a minute have rows of their own, those after them
 * are counted, and one row has the number. So a flood costs a row for each of the first and one more, and says of itself
 * how large it was.
 *
 * One of these for each environment, and nothing of it is anywhere else: an environment that ends before the row with
 * the number takes the number along.
 */
export type RefusalCounts = {
  /**
   * Whether this refusal gets a row of its own. If not, it was counted, as what `countedAs` says.
   *
   * @param now milliseconds since the epoch, as are all times here
   */
  readonly admits: (refusal: AuditEvent, now: number) => boolean;
  /** A number whose minute is over, as the row that says it; nothing when there is none. */
  readonly due: (now: number) => DueCount | undefined;
};

/** A number that is to be put on record. It stays due until it is said to be durable. */
export type DueCount = { readonly event: AuditEvent; readonly durable: () => void };

/** Refusals of one kind and one minute that have rows of their own. */
export const ONE_BY_ONE = 20;

/** Milliseconds, from the first refusal of its kind. */
export const MINUTE = 60_000;

/** What a count has for a client when it stands for refusals of several. No client has this id. */
export const SEVERAL_CLIENTS = '*';

type Minute = { readonly began: number; admitted: number; counted: Counted | undefined };
type Counted = { readonly since: number; readonly number: number; readonly event: AuditEvent };

export function createRefusalCounts(): RefusalCounts {
  const minutes = new Map<string, Minute>();
  const isOver = ({ began }: Minute, now: number) => now < began || now - began >= MINUTE;

  return {
    admits: (refusal, now) => {
      for (const [kind, minute] of minutes)
        if (minute.counted === undefined && isOver(minute, now)) minutes.delete(kind);
      const kind = kindOf(refusal);
      const minute = minutes.get(kind) ?? { began: now, admitted: 0, counted: undefined };
      minutes.set(kind, minute);
      if (minute.admitted < ONE_BY_ONE) {
        minute.admitted++;
        return true;
      }
      minute.counted = counted(minute.counted, refusal, now);
      return false;
    },
    due: (now) => {
      for (const [kind, minute] of minutes) {
        if (minute.counted === undefined || !isOver(minute, now)) continue;
        return { event: countOf(minute.counted, now), durable: () => void minutes.delete(kind) };
      }
      return undefined;
    },
  };
}

/**
 * What is counted together. The person, where somebody signed in: nobody can hide another's refusals among their own. Not
 * the client: without a sign-in anybody can name any, and each would bring a flood its first rows again.
 */
function kindOf({ tool, reason = '', subject = '' }: AuditEvent): string {
  return JSON.stringify([tool, reason, subject]);
}

function counted(before: Counted | undefined, refusal: AuditEvent, now: number): Counted {
  if (before === undefined) return { since: now, number: 1, event: refusal };
  const sameClient = before.event.clientId === refusal.clientId;
  const event = sameClient ? refusal : { ...refusal, clientId: SEVERAL_CLIENTS };
  return { since: before.since, number: before.number + 1, event };
}

/** The row: the kind, the request id of the last, how many, and since when. Nothing that only one of them had. */
function countOf({ since, number, event }: Counted, now: number): AuditEvent {
  const { requestId, clientId, subject, tool, decision, reason } = event;
  return {
    phase: 'count',
    requestId,
    clientId,
    subject,
    tool,
    scopes: [],
    decision,
    reason,
    rows: number,
    durationMs: Math.max(0, now - since),
  };
}

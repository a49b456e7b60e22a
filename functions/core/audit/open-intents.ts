import type { AuditRecord } from './record.ts';

/**
 * Writes whose end is not on record. An intent is durable before the effect and an outcome after it; one without the
 * other means that the environment ended in between, or that the outcome's row failed. The effect may be there or not:
 * somebody has to look. A write is over in seconds, so an intent that is open for minutes stays open.
 */
export type OpenIntent = {
  readonly at: string;
  readonly stream: string;
  readonly seq: number;
  readonly requestId: string;
  readonly tool: string;
  readonly clientId: string;
  readonly subject: string | undefined;
};

/** After this an intent without an outcome is told. Milliseconds. */
export const OPEN_AFTER = 15 * 60_000;

export type IntentWatch = {
  /** One more record, of any stream and in any order: an outcome may stand in another stream than its intent. */
  readonly see: (record: AuditRecord) => void;
  /** The intents that are older than `OPEN_AFTER` at `now` (milliseconds since the epoch), the oldest first. */
  readonly open: (now: number) => readonly OpenIntent[];
};

/**
 * Pairs intents with outcomes by their request id, as many of each as there are. What is paired is forgotten, so a watch
 * that sees every record once holds no more than what is open.
 */
export function watchIntents(): IntentWatch {
  const intents = new Map<string, readonly OpenIntent[]>();
  const outcomes = new Map<string, number>();
  return {
    see: ({ f: phase, q: requestId, t: at, s: stream, n: seq, k: tool, c: clientId, u }) => {
      if (phase === 'intent') {
        const early = outcomes.get(requestId) ?? 0;
        if (early > 0) return keep(outcomes, requestId, early - 1, early > 1);
        const subject = u?.slice(0, -'#yyyy-mm-dd'.length);
        const intent = { at, stream, seq, requestId, tool, clientId, subject };
        intents.set(requestId, [...(intents.get(requestId) ?? []), intent]);
      }
      if (phase === 'outcome') {
        const [oldest, ...others] = intents.get(requestId) ?? [];
        if (oldest === undefined) return keep(outcomes, requestId, (outcomes.get(requestId) ?? 0) + 1, true);
        keep(intents, requestId, others, others.length > 0);
      }
    },
    open: (now) => {
      const before = new Date(now - OPEN_AFTER).toISOString();
      return [...intents.values()]
        .flat()
        .filter(({ at }) => at <= before)
        .sort((one, other) => (one.at < other.at ? -1 : 1));
    },
  };
}

function keep<T>(map: Map<string, T>, key: string, value: T, kept: boolean): void {
  if (kept) map.set(key, value);
  else map.delete(key);
}

/** The open intents among these records: every one that could hold the outcome of another must be there. */
export function openIntents(records: Iterable<AuditRecord>, now: number): readonly OpenIntent[] {
  const watch = watchIntents();
  for (const record of records) watch.see(record);
  return watch.open(now);
}

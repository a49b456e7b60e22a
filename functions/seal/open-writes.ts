import type { Leaf } from '../core/audit/checkpoint.ts';
import { type IntentWatch, OPEN_AFTER } from '../core/audit/open-intents.ts';
import type { AuditReader } from '../core/audit/reader.ts';
import { utcDate } from '../core/audit/stream.ts';
import type { Clock } from '../core/ports.ts';

/** What an alarm of the stack looks for in the log. */
const OPEN_INTENT = 'audit intent open';

/** Open writes that one run tells at most. The count beside them is of all. */
const MOST_TOLD = 20;

type Log = { readonly error: (message: string, fields: Readonly<Record<string, unknown>>) => void };

/**
 * Shows the watch of a new environment what was sealed before its time: the records of the days that an intent may be open
 * from, up to their sealed heads. What is newer it sees as it is read. Sealing matters more: what cannot be looked at in time
 * is left to the next environment and to `gatehouse audit verify`.
 *
 * @param until milliseconds since the epoch, after which nothing more is read
 * @returns whether all of it was seen
 * @throws what the reader throws
 */
export async function lookBack(
  reader: AuditReader,
  heads: ReadonlyMap<string, Leaf>,
  watch: Pick<IntentWatch, 'see'>,
  clock: Pick<Clock, 'millis'>,
  until: number,
): Promise<boolean> {
  // An intent that is older was told by a run before this environment began, or is told by `audit verify`.
  const since = utcDate(clock.millis() - 2 * OPEN_AFTER);
  for (const [date, stream, head] of heads.values()) {
    if (date < since) continue;
    for await (const read of reader.records(stream, 0)) {
      // A record that is none is told by whoever proves the chain.
      if (!read.ok || read.value.n > head) break;
      if (clock.millis() > until) return false;
      watch.see(read.value);
    }
  }
  return true;
}

/** One line for each write whose end is not on record after a quarter of an hour, every run, until somebody has looked. */
export function tellOpen(log: Log, watch: Pick<IntentWatch, 'open'>, now: number): void {
  const open = watch.open(now);
  for (const { at, requestId, tool, clientId, subject } of open.slice(0, MOST_TOLD)) {
    log.error(OPEN_INTENT, { at, request_id: requestId, tool, client_id: clientId, subject, open: open.length });
  }
}

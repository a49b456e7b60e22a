import type { AuditReader } from '../core/audit/reader.ts';
import { utcDate } from '../core/audit/stream.ts';
import { type BrokenChain, startOf, verifyStream } from '../core/audit/verify-stream.ts';
import type { Clock } from '../core/ports.ts';

export type SealPorts = {
  readonly reader: AuditReader;
  readonly clock: Clock;
  readonly log: {
    readonly info: (message: string, fields: Readonly<Record<string, unknown>>) => void;
    readonly error: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  };
};

/** What one run found. */
export type SealReport = {
  readonly dates: readonly string[];
  readonly streams: number;
  /** Records that follow from the first of their stream, without a gap or a change. */
  readonly records: number;
  readonly broken: readonly BrokenChain[];
};

/** After midnight yesterday is looked at for this long too: twice the schedule's five minutes, and some for delays. */
const yesterdayMs = 15 * 60_000;

/** Streams that are read at the same time. */
const atOnce = 16;

/**
 * Walks the day's directory and verifies every stream's chain from its first record. Says in one line what it found.
 *
 * @throws Error when a chain is broken, so that the invocation fails and the function's error alarm goes off
 */
export function createSeal({ reader, clock, log }: SealPorts): () => Promise<SealReport> {
  return async () => {
    const dates = datesAt(clock.millis());
    const listed = await Promise.all(
      dates.map(async (date) => (await reader.streams(date)).map((stream) => startOf(stream, date))),
    );
    const starts = listed.flat();
    const broken: BrokenChain[] = [];
    let records = 0;
    for (let at = 0; at < starts.length; at += atOnce) {
      const verdicts = await Promise.all(
        starts.slice(at, at + atOnce).map((start) => verifyStream(start, reader.records(start.stream, start.seq))),
      );
      for (const verdict of verdicts) {
        if (verdict.ok) records += verdict.value.seq;
        else {
          records += verdict.error.seq - 1;
          broken.push(verdict.error);
        }
      }
    }
    const report = { dates, streams: starts.length, records, broken };
    tell(log, report);
    return report;
  };
}

/** Today in UTC, and yesterday while its last records may still be unseen. */
function datesAt(millis: number): string[] {
  return [...new Set([utcDate(millis - yesterdayMs), utcDate(millis)])];
}

function tell(log: SealPorts['log'], { dates, streams, records, broken }: SealReport): void {
  const found = { dates, streams, records };
  const [first] = broken;
  if (first === undefined) {
    log.info('audit chains verified', found);
    return;
  }
  log.error('audit chain broken', { ...found, broken_streams: broken.length, first_bad_record: first });
  throw new Error(`audit chain broken: ${first.detail} (stream ${first.stream}, record ${first.seq})`);
}

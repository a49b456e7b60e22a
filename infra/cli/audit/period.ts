import type { Leaf } from '../../../functions/core/audit/checkpoint.ts';
import type { ReadCheckpoint } from '../../../functions/core/audit/checkpoint-item.ts';
import { closingOf } from '../../../functions/core/audit/prove.ts';
import type { AuditReader } from '../../../functions/core/audit/reader.ts';
import type { Entry } from '../../../functions/core/audit/verify-records.ts';
import { Problem } from '../../problem.ts';

/** First and last day, UTC, both of which may be left open. */
export type Asked = { readonly from: string | undefined; readonly to: string | undefined };

/** A period that is to be proved, and the checkpoints that are about it, in their order. */
export type Period = {
  readonly from: string;
  readonly to: string;
  readonly checkpoints: readonly ReadCheckpoint[];
};

/** @throws Problem for what is no day, or a period that ends before it begins */
export function requireDays({ from, to }: Asked): void {
  for (const [flag, day] of [['--from', from] as const, ['--to', to] as const]) {
    const real = day === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)));
    if (!real) throw new Problem(`${flag} is "${day}", which is no day. Write it like 2026-01-31 (UTC).`);
  }
  if (from !== undefined && to !== undefined && from > to) throw new Problem(`--from ${from} is after --to ${to}.`);
}

/**
 * The checkpoints of a period: from the last one that cannot be about it (so that the next one's predecessor is known) to
 * the first one that closes it. Without `from`, everything that was ever sealed.
 */
export async function periodOf(reader: AuditReader, asked: Asked, today: string): Promise<Period> {
  const newestFirst: ReadCheckpoint[] = [];
  for await (const read of reader.checkpoints(200)) {
    newestFirst.push(read);
    if (read.ok && asked.from !== undefined && read.value.parsed.to < asked.from) break;
  }
  const to = asked.to ?? today;
  const all = newestFirst.reverse();
  const closing = all.findIndex(
    (read) => read.ok && read.value.parsed.next === undefined && read.value.parsed.since >= closingOf(to),
  );
  const checkpoints = closing < 0 ? all : all.slice(0, closing + 1);
  const days = checkpoints.flatMap((read) => (read.ok ? read.value.leaves.map(([date]) => date) : [])).sort();
  return { from: asked.from ?? [days[0] ?? to, to].sort()[0] ?? to, to, checkpoints };
}

/** How far each stream of a period is sealed, by its id. */
export function lastLeaves(checkpoints: readonly ReadCheckpoint[]): ReadonlyMap<string, Leaf> {
  const last = new Map<string, Leaf>();
  for (const read of checkpoints) if (read.ok) for (const leaf of read.value.leaves) last.set(leaf[1], leaf);
  return last;
}

/** Every row of the days, stream by stream: of those that are listed, and of those that were sealed. */
export async function* rowsOf(
  reader: AuditReader,
  { from, to }: Pick<Period, 'from' | 'to'>,
  sealed: readonly (readonly [date: string, stream: string])[],
): AsyncIterable<Entry> {
  for (const date of daysOf(from, to)) {
    const known = sealed.filter(([day]) => day === date).map(([, stream]) => stream);
    const streams = new Set([...(await reader.streams(date)), ...known]);
    for (const stream of [...streams].sort()) {
      for await (const read of reader.records(stream, 0)) yield { stream, read };
    }
  }
}

function daysOf(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

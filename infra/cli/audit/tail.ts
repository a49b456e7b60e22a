import { setTimeout as pause } from 'node:timers/promises';
import type { AuditReader } from '../../../functions/core/audit/reader.ts';
import { utcDate } from '../../../functions/core/audit/stream.ts';
import type { ReadRecord } from '../../../functions/core/audit/verify-stream.ts';
import { header, jsonRow, textRow } from './row.ts';

export type TailOptions = {
  readonly reader: AuditReader;
  readonly out: { readonly write: (text: string) => unknown };
  /** Goes on printing rows as they are written, until the signal says stop. */
  readonly follow: boolean;
  /** How many of today's rows (UTC) are shown first. */
  readonly limit: number;
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. */
  readonly intervalMs?: number;
  readonly now?: () => number;
};

/** Prints the newest rows of the audit log, oldest first, and with `follow` every row that is added. */
export async function tailAudit(options: TailOptions): Promise<void> {
  const { reader, out, follow, limit, json, signal, intervalMs = 1_000, now = Date.now } = options;
  const print = (rows: readonly ReadRecord[]) => {
    for (const row of rows) out.write(`${json ? jsonRow(row) : textRow(row)}\n`);
  };
  let date = utcDate(now());
  const newest = await Promise.all((await reader.streams(date)).map(async (stream) => seen(reader, stream, limit)));
  const cursors = new Map(newest.map(({ stream, last }) => [stream, last]));
  if (!json) out.write(`${header}\n`);
  if (limit > 0) print(inOrder(newest.flatMap(({ rows }) => rows)).slice(-limit));

  while (follow && (await paused(intervalMs, signal))) {
    // Yesterday once more after midnight: its last rows may have come after the last look.
    const dates = new Set([date, utcDate(now())]);
    date = utcDate(now());
    const streams = (await Promise.all([...dates].map((day) => reader.streams(day)))).flat();
    print(inOrder((await Promise.all(streams.map((stream) => added(reader, stream, cursors)))).flat()));
  }
}

async function seen(reader: AuditReader, stream: string, limit: number) {
  const rows = await reader.newest(stream, Math.max(1, limit));
  return { stream, rows, last: numberOf(rows.at(-1)) ?? 0 };
}

/** The rows above the stream's cursor, which then stands on the last of them. */
async function added(reader: AuditReader, stream: string, cursors: Map<string, number>): Promise<ReadRecord[]> {
  const rows: ReadRecord[] = [];
  for await (const row of reader.records(stream, cursors.get(stream) ?? 0)) {
    rows.push(row);
    cursors.set(stream, numberOf(row) ?? cursors.get(stream) ?? 0);
  }
  return rows;
}

function numberOf(row: ReadRecord | undefined): number | undefined {
  return row?.ok ? row.value.n : row?.error.seq;
}

/** Rows of several streams by their time; of one stream they are in order already, and malformed ones come first. */
function inOrder(rows: readonly ReadRecord[]): ReadRecord[] {
  const time = (row: ReadRecord) => (row.ok ? row.value.t : '');
  return [...rows].sort((one, other) => (time(one) < time(other) ? -1 : time(one) > time(other) ? 1 : 0));
}

async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

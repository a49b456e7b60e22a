import { type ReadableRecord, readable } from '../../../functions/core/audit/readable.ts';
import type { ReadRecord } from '../../../functions/core/audit/verify-stream.ts';

const columns: readonly (readonly [title: string, width: number, text: (record: ReadableRecord) => string])[] = [
  ['time', 24, ({ time }) => time],
  ['decision', 8, ({ decision }) => decision],
  ['tool', 26, toolText],
  ['subject', 36, ({ subject }) => subject ?? ''],
  // As long as the id of a client that registered itself.
  ['client', 43, ({ clientId }) => clientId],
  ['reason', 22, ({ reason }) => reason ?? ''],
  ['request id', 0, ({ requestId }) => requestId],
];

function toolText({ tool, phase, rows = 0 }: ReadableRecord): string {
  if (phase === 'call' || phase === 'event') return tool;
  return phase === 'count' ? `${tool} (${rows} more)` : `${tool} (${phase})`;
}

/** The titles over the rows. */
export const header: string = line(columns.map(([title]) => title));

/** A record as one aligned line. */
export function textRow(read: ReadRecord): string {
  if (!read.ok) return `(a row that is no audit record: ${printable(read.error.detail)})`;
  const record = readable(read.value);
  return line(columns.map(([, , text]) => printable(text(record)) || '-'));
}

/** A record as one line of JSON, its members spelled out. */
export function jsonRow(read: ReadRecord): string {
  return JSON.stringify(read.ok ? readable(read.value) : { malformed: read.error.detail });
}

function line(cells: readonly string[]): string {
  return columns
    .map(([, width], at) => (cells[at] ?? '').padEnd(width))
    .join('  ')
    .trimEnd();
}

/** A tool's name may be what somebody tried: no character of it may move the cursor or hide. */
function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16).toUpperCase()}}`,
  );
}

import { type ReadableRecord, readable } from '../../../functions/core/audit/readable.ts';
import type { AuditRecord } from '../../../functions/core/audit/record.ts';

const COLUMNS = [
  'time',
  'phase',
  'decision',
  'tool',
  'subject',
  'clientId',
  'reason',
  'requestId',
  'scopes',
  'toolDigest',
  'argumentsMac',
  'argumentsBytes',
  'approvalId',
  'about',
  'dbRole',
  'rows',
  'durationMs',
  'stream',
  'seq',
  'hash',
] as const satisfies readonly (keyof ReadableRecord)[];

/** The titles, as the first line. */
export const csvHeader: string = lineOf(COLUMNS);

/** A record as a line of RFC 4180, its end included. */
export function csvRow(record: AuditRecord): string {
  const members = readable(record);
  return lineOf(COLUMNS.map((name) => textOf(members[name])));
}

function textOf(value: string | number | readonly string[] | undefined): string {
  return Array.isArray(value) ? value.join(' ') : String(value ?? '');
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/**
 * Spreadsheets run what begins like a formula, and a tool's name may be what somebody tried: an apostrophe before it makes
 * it text. Quotes are doubled where there is something to quote (RFC 4180 section 2).
 */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

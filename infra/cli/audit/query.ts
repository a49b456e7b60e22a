import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AuditReader } from '../../../functions/core/audit/reader.ts';
import { type AuditRecord, asRecorded } from '../../../functions/core/audit/record.ts';
import { SEVERAL_CLIENTS } from '../../../functions/core/audit/refusal-counts.ts';
import type { Query } from './query-arguments.ts';
import { csvHeader, csvRow } from './query-csv.ts';
import { rowsOfEverybody, rowsOfSubject } from './query-pages.ts';
import { counted } from './report.ts';
import { header, jsonRow, textRow } from './row.ts';

/** Where rows are looked for: of one person in the table's index, of everybody by the day's directory. */
export type Source = {
  readonly reader: AuditReader;
  readonly log: { readonly client: DynamoDBClient; readonly table: string };
};

type Out = { readonly write: (text: string) => unknown };

/** What a query found. `malformed`: rows that are no audit records, which match nothing. */
export type Found = { readonly rows: number; readonly malformed: number };

/** Prints the rows that match, oldest first, as they are read; what is being read goes to `progress`. */
export async function printQuery(
  source: Source,
  query: Query,
  out: Out = process.stdout,
  progress: (Out & { readonly isTTY?: boolean }) | undefined = process.stderr,
): Promise<Found> {
  const { user, form } = query;
  const pages =
    user === undefined ? rowsOfEverybody(source.reader, query) : rowsOfSubject(source.log, { ...query, user });
  const matches = matching(query);
  const print = PRINTED[form];
  const tell = (text: string) => progress?.isTTY && progress.write(`\r\u001b[K${text}`);
  let rows = 0;
  let malformed = 0;
  out.write(TITLES[form]);
  for await (const page of pages) {
    const left = query.limit - rows;
    const found = page.rows.flatMap((read) => (read.ok && matches(read.value) ? [read.value] : [])).slice(0, left);
    malformed += page.rows.filter((read) => !read.ok).length;
    if (found.length > 0) tell('');
    out.write(found.map(print).join(''));
    rows += found.length;
    if (rows >= query.limit) break;
    tell(`${page.read}: ${counted(rows, 'row')} so far`);
  }
  tell('');
  const none = malformed === 1 ? '1 row is no audit record' : `${malformed} rows are no audit records`;
  const warning = malformed === 0 ? '' : ` ${none}: run gatehouse audit verify.`;
  progress?.write(`${counted(rows, 'row')} from ${query.since} to ${query.until}.${warning}\n`);
  return { rows, malformed };
}

const TITLES: Readonly<Record<Query['form'], string>> = { text: `${header}\n`, json: '', csv: csvHeader };

const PRINTED: Readonly<Record<Query['form'], (record: AuditRecord) => string>> = {
  text: (record) => `${textRow({ ok: true, value: record })}\n`,
  json: (record) => `${jsonRow({ ok: true, value: record })}\n`,
  csv: csvRow,
};

function matching({ client, tool, outcome }: Query): (record: AuditRecord) => boolean {
  const c = client === undefined ? undefined : asRecorded('clientId', client);
  const k = tool === undefined ? undefined : asRecorded('tool', tool);
  return (record) =>
    (c === undefined || record.c === c || isOfSeveralClients(record)) &&
    (k === undefined || record.k === k) &&
    (outcome === undefined || record.x === outcome);
}

/** Whoever asks for one client is told: refusals of this one may be among them. */
function isOfSeveralClients({ f: phase, c: clientId }: AuditRecord): boolean {
  return phase === 'count' && clientId === SEVERAL_CLIENTS;
}

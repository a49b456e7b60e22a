import type { AuditRecord } from '../../../functions/core/audit/record.ts';
import { Problem } from '../../problem.ts';
import { FLAG, TEXT } from '../operator.ts';

/** What `gatehouse audit query` takes, in the form of node:util's parseArgs. */
export const QUERY_OPTIONS = {
  user: TEXT,
  client: TEXT,
  tool: TEXT,
  outcome: TEXT,
  since: { type: 'string', default: '24h' },
  until: TEXT,
  limit: TEXT,
  json: FLAG,
  csv: FLAG,
  outputs: TEXT,
} as const;

export type Query = {
  /** What is absent matches every row. */
  readonly user: string | undefined;
  readonly client: string | undefined;
  readonly tool: string | undefined;
  readonly outcome: AuditRecord['x'] | undefined;
  /** RFC 3339 in UTC, both inclusive. */
  readonly since: string;
  readonly until: string;
  readonly limit: number;
  readonly form: 'text' | 'json' | 'csv';
  readonly outputs: string | undefined;
};

type Values = { readonly [Name in 'user' | 'client' | 'tool' | 'outcome' | 'until' | 'limit' | 'outputs']?: string } & {
  readonly since: string;
  readonly json: boolean;
  readonly csv: boolean;
};

const OUTCOMES: readonly AuditRecord['x'][] = ['allowed', 'denied', 'invalid', 'failed', 'unknown'];
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY = 86_400_000;
/** By user each day is asked for by itself: ten years of them are 3653 requests. */
const MOST_DAYS = 3_653;

/**
 * Reads the options of a query.
 *
 * @param now milliseconds since the epoch
 * @throws Problem for a value that cannot be used, with what it should be
 */
export function queryOf(values: Values, now: number): Query {
  const { user, client, tool, outcome, limit, json, csv, outputs } = values;
  for (const [flag, text] of Object.entries({ '--user': user, '--client': client, '--tool': tool })) {
    if (text === '') throw new Problem(`${flag} is empty. Name one, or leave ${flag} out to see every one.`);
  }
  if (json && csv) throw new Problem('--json and --csv are two forms of the same rows. Take one of them.');
  const decision = OUTCOMES.find((each) => each === outcome);
  if (outcome !== undefined && decision === undefined) {
    throw new Problem(`--outcome is "${outcome}". It is one of: ${OUTCOMES.join(', ')}.`);
  }
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new Problem(`--limit is "${limit}", which is no number of rows. Write one from 1 to 999999999.`);
  }
  const since = momentOf('--since', values.since, now, 0);
  const until = values.until === undefined ? now : momentOf('--until', values.until, now, DAY - 1);
  if (since > until) {
    throw new Problem(`--since is ${iso(since)}, after --until, which is ${iso(until)}. Exchange them.`);
  }
  if (until - since > MOST_DAYS * DAY) throw new Problem('--since and --until are more than ten years apart.');
  return {
    user,
    client,
    tool,
    outcome: decision,
    since: iso(since),
    until: iso(until),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : Number(limit),
    form: json ? 'json' : csv ? 'csv' : 'text',
    outputs,
  };
}

/** The UTC days that a query is about, first to last. */
export function daysOf({ since, until }: Pick<Query, 'since' | 'until'>): readonly string[] {
  const days: string[] = [];
  for (let at = Date.parse(since.slice(0, 10)); at <= Date.parse(until); at += DAY) days.push(iso(at).slice(0, 10));
  return days;
}

/** A moment: ago (`90m`, `24h`, `7d`), a UTC day, or an instant of RFC 3339. A day begins for `--since` and ends for `--until`. */
function momentOf(flag: string, text: string, now: number, intoTheDay: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = isDay || isInstant ? Date.parse(text) : Number.NaN;
  // 2026-02-30 is no day, though a parser may make one of it.
  const real = !Number.isNaN(at) && (!isDay || iso(at).startsWith(text));
  if (!real) {
    throw new Problem(
      `${flag} is "${text}", which is no time. Write 90m, 24h or 7d ago, a day like 2026-01-31 (UTC), or 2026-01-31T09:30:00Z.`,
    );
  }
  return isDay ? at + intoTheDay : at;
}

function iso(millis: number): string {
  return new Date(millis).toISOString();
}

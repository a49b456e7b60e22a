import {
  aurora,
  busyMetrics,
  edgeRequests,
  idle,
  idleEdge,
  type Line,
  millionCalls,
  millionSignIns,
  total,
  traces,
  watching,
} from './bill.ts';
import { PRICES, READ, REGION } from './prices.ts';
import type { Resources } from './resources.ts';
import { CALL, SIGN_IN } from './work.ts';

/** What the design allows an idle month to cost without Aurora awake, without the edge and without watching. */
export const IDLE_AT_MOST = 5;

const MILLION = 1_000_000;

/** The part of COST.md that is computed. */
export function costTables(plain: Resources, behindEdge: Resources): string {
  const still = idle(plain);
  const watched = watching(plain);
  const edge = idleEdge(plain, behindEdge);
  const busy = busyMetrics(plain);
  const calls = millionCalls();
  const signIns = millionSignIns();
  const withoutEdge = total(still) + total(watched);
  const { hour, month } = aurora();
  return [
    `Prices of ${REGION}, read on ${READ}, before free allowances.`,
    '',
    '### A month in which nobody comes',
    '',
    '| | $ |',
    '|---|---:|',
    ...still.map(row),
    `| **the stack, and all of it with \`alarms.enabled\` false** | **${dollars(total(still))}** |`,
    ...watched.map(row),
    `| **with somebody watching** | **${dollars(withoutEdge)}** |`,
    ...edge.map(row),
    `| **behind CloudFront with the web ACL** | **${dollars(withoutEdge + total(edge))}** |`,
    '',
    `Aurora adds $${dollars(hour)} for each hour it is awake at its least (0.5 ACU), $${dollars(month)} if it never sleeps. In a`,
    `month with work in every hour: ${busy.what}, $${dollars(busy.usd)}.`,
    '',
    '### A million tool calls',
    '',
    '| | $ |',
    '|---|---:|',
    ...calls.map(row),
    `| **together** | **${dollars(total(calls))}** |`,
    `| **behind CloudFront with the web ACL** | **${dollars(total(calls) + edgeRequests(CALL.requests * MILLION))}** |`,
    '',
    `Traces add up to $${dollars(traces(CALL.invocations * MILLION))}, all of it where calls come less often than once a second.`,
    '',
    '### A million sign-ins',
    '',
    '| | $ |',
    '|---|---:|',
    ...signIns.map(row),
    `| **together** | **${dollars(total(signIns))}** |`,
    `| **behind CloudFront with the web ACL** | **${dollars(total(signIns) + edgeRequests(SIGN_IN.requests * MILLION))}** |`,
    '',
    `Traces add up to $${dollars(traces(SIGN_IN.invocations * MILLION))}.`,
    '',
    '### Prices',
    '',
    '| price | $ | for | page | read in a copy of it, or a report of it |',
    '|---|---:|---|---|---|',
    ...Object.entries(PRICES).map(
      ([name, { usd, for: each, unit, page, checked }]) =>
        `| \`${name}\` | ${usd} | ${each === 1 ? `1 ${unit}` : `${each.toLocaleString('en-US')} ${unit}`} | ${page} | ${checked ? 'yes' : 'no, from memory'} |`,
    ),
  ].join('\n');
}

function row({ what, usd }: Line): string {
  return `| ${what} | ${dollars(usd)} |`;
}

function dollars(usd: number): string {
  return usd.toFixed(2);
}

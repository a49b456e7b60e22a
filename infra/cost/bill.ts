import { costOf, type PriceName } from './prices.ts';
import type { Resources } from './resources.ts';
import { ASSUMED, CALL, REFRESH, SEAL, SIGN_IN, type Work } from './work.ts';

/** One line of a bill. */
export type Line = { readonly what: string; readonly usd: number };

const MILLION = 1_000_000;
const GB = 1_000_000_000;
/** AWS's own month in its examples: 730 hours. */
const HOURS = 730;
const { billedMs, memoryGb } = ASSUMED;

/** A month in which nobody comes and Aurora sleeps, but for {@link watching}. */
export function idle({ keys, topicKeys, secrets, tables, sealMinutes }: Resources): readonly Line[] {
  const runs = Math.round((HOURS * 60) / sealMinutes);
  const sealing = [
    costOf('kms-sign', runs * SEAL.signatures),
    costOf('s3-put', runs * SEAL.puts),
    costOf('dynamodb-read', runs * SEAL.reads),
    // A checkpoint is nobody's row: it is in no index.
    costOf('dynamodb-write', runs * SEAL.auditRows),
    costOf('lambda-request', runs * SEAL.invocations),
    costOf('lambda-arm', (runs * billedMs.seal * memoryGb) / 1000),
    costOf('log-gb', (runs * ASSUMED.logBytes) / GB),
    costOf('trace', runs),
  ];
  return [
    { what: `${keys - topicKeys} KMS keys`, usd: costOf('kms-key', keys - topicKeys) },
    { what: `${secrets} secrets`, usd: costOf('secret', secrets) },
    { what: `${tables} tables, by request`, usd: 0 },
    {
      what: `sealing the audit log, every ${sealMinutes} minutes`,
      usd: total(sealing.map((usd) => ({ what: '', usd }))),
    },
  ];
}

/** Of an account, for good. Those of the others' that are there already are not known here. */
const FREE_DASHBOARDS = 3;

/** What wakes somebody. Metrics that nobody had a value for are not billed, so in an idle month only the seal's is. */
export function watching(resources: Resources): readonly Line[] {
  const { alarms, alarmMetrics, compositeAlarms, dashboards, topicKeys, filteredMetrics } = resources;
  const paid = Math.max(0, dashboards - FREE_DASHBOARDS);
  const expressions = alarmMetrics > alarms ? `, on ${alarmMetrics} metrics` : '';
  return [
    ...(alarms > 0 ? [{ what: `${alarms} alarms${expressions}`, usd: costOf('alarm', alarmMetrics) }] : []),
    ...(compositeAlarms > 0
      ? [{ what: `${compositeAlarms} composite alarms`, usd: costOf('composite-alarm', compositeAlarms) }]
      : []),
    ...(topicKeys > 0 ? [{ what: 'the KMS key of their topic', usd: costOf('kms-key', topicKeys) }] : []),
    { what: `${dashboards} dashboard${dashboards === 1 ? '' : 's'}, three are free`, usd: costOf('dashboard', paid) },
    ...(filteredMetrics.length > 0
      ? [{ what: 'one custom metric, that the log was sealed', usd: costOf('metric', 1) }]
      : []),
  ];
}

/** What the other custom metrics add in a month in which each of them had a value in every hour. */
export function busyMetrics({ filteredMetrics, embeddedMetrics }: Resources): Line {
  const more = filteredMetrics.length + embeddedMetrics.length - 1;
  return { what: `up to ${more} more custom metrics`, usd: costOf('metric', more) };
}

/** What the edge adds to an idle month: the web ACL with its rules, one more secret, and what watches over it. */
export function idleEdge(plain: Resources, behind: Resources): readonly Line[] {
  const { webAcls, webAclRules } = behind;
  const more = behind.secrets - plain.secrets;
  const alarms = behind.alarmMetrics - plain.alarmMetrics;
  return [
    { what: webAcls === 1 ? 'the web ACL' : `${webAcls} web ACLs`, usd: costOf('web-acl', webAcls) },
    { what: `its ${webAclRules} rules`, usd: costOf('web-acl-rule', webAclRules) },
    { what: more === 1 ? 'the secret of the origin' : `${more} more secrets`, usd: costOf('secret', more) },
    ...(alarms > 0 ? [{ what: `${alarms} more alarms`, usd: costOf('alarm', alarms) }] : []),
  ];
}

/** So many times a million of this work, each invocation of so many milliseconds. */
function lines(work: Work, milliseconds: number, times = 1): readonly Line[] {
  const units = (each: number) => each * MILLION * times;
  const line = (what: string, name: PriceName, each: number) => ({ what, usd: costOf(name, units(each)) });
  return [
    line('HTTP API', 'http-api', work.requests),
    line('Lambda, invocations', 'lambda-request', work.invocations),
    line(`Lambda, ${milliseconds} ms each`, 'lambda-arm', (work.invocations * milliseconds * memoryGb) / 1000),
    line('DynamoDB, the audit log and its index', 'dynamodb-write', 2 * work.auditRows),
    line('DynamoDB, clients and grants', 'dynamodb-write', work.writes),
    line('DynamoDB, reads', 'dynamodb-read', work.reads),
    line('KMS, signatures', 'kms-sign', work.signatures),
    line('Data API', 'data-api', work.dataApiCalls),
    line('logs', 'log-gb', (work.requests * ASSUMED.logBytes) / GB),
  ].filter(({ usd }) => usd > 0);
}

/** A million calls of a tool, and the tokens that go with them. Without traces, and without Aurora's hours. */
export function millionCalls(): readonly Line[] {
  const tokens = lines(REFRESH, billedMs.token, 1 / ASSUMED.callsPerToken);
  return [
    ...lines(CALL, billedMs.call),
    { what: 'data out', usd: costOf('egress-gb', (MILLION * ASSUMED.answerBytes) / GB) },
    { what: `tokens, one for ${ASSUMED.callsPerToken} calls`, usd: total(tokens) },
  ];
}

/** A million sign-ins, each by a client that registers for it. */
export function millionSignIns(): readonly Line[] {
  return lines(SIGN_IN, billedMs.page);
}

/** What CloudFront and the web ACL add to a million requests. */
export function edgeRequests(requests: number): number {
  return costOf('web-acl-request', requests) + costOf('cloudfront-request', requests);
}

/** What tracing adds at most: Lambda records the first request of each second and a twentieth of the others. */
export function traces(invocations: number): number {
  return costOf('trace', invocations);
}

/** An hour of the database awake at its least, and a month of it. */
export function aurora(): { readonly hour: number; readonly month: number } {
  const hour = costOf('aurora-acu-hour', 0.5);
  return { hour, month: hour * HOURS };
}

export function total(of: readonly Line[]): number {
  return of.reduce((sum, { usd }) => sum + usd, 0);
}

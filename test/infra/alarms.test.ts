import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evidence } from '../../functions/core/oauth/explain.ts';
import { SIGNING_UNAVAILABLE } from '../../infra/constructs/alarms-functions.ts';
import { type Alarm, alarmsOf } from './alarms.ts';
import { ofType, readable, synthesized } from './synthesized.ts';

const dev = synthesized();
const alarms = alarmsOf(dev.service);
const none = alarmsOf(synthesized({ 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false }).service);

/** What wakes somebody, and from when on, as it was reviewed: an alarm that is lost or loosened is a difference here. */
const REVIEWED = `
api-4xx: Sum of AWS/ApiGateway 4xx >= 3000, 3 × 300 s
api-5xx: Sum of AWS/ApiGateway 5xx >= 5, 1 × 300 s
audit-gap: Sum of Gatehouse dev: the audit row could not be written >= 1, 1 × 300 s
aurora-capacity: Average of AWS/RDS ACUUtilization >= 95, 3 × 300 s
chain-broken: Sum of Gatehouse dev: audit chain broken >= 1, 1 × 300 s
denied-calls: Sum of Gatehouse ToolCallDenied >= 100, 1 × 300 s
errors-authorize: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-mcp: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-mcp-write: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-migrate: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-register: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-seal: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-token: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
errors-well-known: Sum of AWS/Lambda Errors >= 1, 1 × 300 s
open-intent: Sum of Gatehouse dev: audit intent open >= 1, 1 × 300 s
refresh-reuse: Sum of Gatehouse RefreshReuse >= 1, 1 × 300 s
refused-tokens: Sum of Gatehouse BearerRefused >= 1000, 1 × 300 s
signing-failed: Sum of Gatehouse dev: signing unavailable >= 1, 1 × 300 s
throttled-reads-audit: Sum of AWS/DynamoDB ReadThrottleEvents >= 10, 1 × 300 s
throttled-reads-grants: Sum of AWS/DynamoDB ReadThrottleEvents >= 10, 1 × 300 s
throttled-reads-registry: Sum of AWS/DynamoDB ReadThrottleEvents >= 10, 1 × 300 s
throttled-writes-audit: Sum of AWS/DynamoDB WriteThrottleEvents >= 10, 1 × 300 s
throttled-writes-grants: Sum of AWS/DynamoDB WriteThrottleEvents >= 10, 1 × 300 s
throttled-writes-registry: Sum of AWS/DynamoDB WriteThrottleEvents >= 10, 1 × 300 s
throttles-authorize: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
throttles-mcp: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
throttles-mcp-write: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
throttles-register: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
throttles-token: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
throttles-well-known: Sum of AWS/Lambda Throttles >= 1, 1 × 300 s
unsealed: Sum of Gatehouse dev: audit sealed < 1, 3 × 300 s`;

const SIGN: Readonly<Record<string, string>> = { GreaterThanOrEqualToThreshold: '>=', LessThanThreshold: '<' };

function line(alarm: Alarm): string {
  const { AlarmName, Statistic, Namespace, MetricName, ComparisonOperator, Threshold, EvaluationPeriods, Period } =
    alarm;
  const when = `${SIGN[ComparisonOperator]} ${Threshold}, ${EvaluationPeriods} × ${Period} s`;
  return `${AlarmName.replace('gatehouse-dev-', '')}: ${Statistic} of ${Namespace} ${MetricName} ${when}`;
}

const named = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `gatehouse-dev-${name}`);
const dimensionsOf = (alarm: Alarm | undefined) =>
  (alarm?.Dimensions ?? []).map(({ Name, Value }) => [Name, Value] as const);

describe('the alarms', () => {
  test('are those that were reviewed', () => {
    expect(alarms.map(line).sort()).toEqual(REVIEWED.trim().split('\n').sort());
  });

  test('say in one sentence what they mean, name a heading of the runbook, and tell the topic', () => {
    const topic = Object.keys(ofType(dev.service, 'AWS::SNS::Topic'));
    expect(topic).toHaveLength(1);
    for (const alarm of alarms) {
      expect(alarm.AlarmName).toMatch(/^gatehouse-dev-[a-z0-9-]+$/);
      expect(alarm.AlarmDescription).toMatch(/^[^.]+\. What to do: infra\/RUNBOOK\.md, "[^"]+"\.$/);
      expect(alarm.AlarmActions, alarm.AlarmName).toEqual([{ Ref: topic[0] }]);
      expect(alarm.ActionsEnabled, alarm.AlarmName).not.toBe(false);
    }
    expect(new Set(alarms.map(({ AlarmName }) => AlarmName)).size).toBe(alarms.length);
  });

  test('take silence for health, but for the one whose silence is the failure', () => {
    const others = alarms.filter(({ TreatMissingData }) => TreatMissingData !== 'notBreaching');
    expect(others.map(({ AlarmName, TreatMissingData }) => [AlarmName, TreatMissingData])).toEqual([
      ['gatehouse-dev-unsealed', 'breaching'],
    ]);
  });

  test('have every function, each by its own metric, and throttles of all that may run twice at once', () => {
    const functions = Object.keys(ofType(dev.service, 'AWS::Lambda::Function'));
    const watching = (prefix: string) =>
      alarms
        .filter(({ AlarmName }) => AlarmName.startsWith(`gatehouse-dev-${prefix}-`))
        .flatMap(dimensionsOf)
        .map(([name, value]) => [name, (value as { Ref: string }).Ref]);
    expect(watching('errors').sort()).toEqual(functions.map((id) => ['FunctionName', id]).sort());
    const alone = functions.filter((id) => !/^(SealingSeal|AtDeployMigrate)Function/.test(id));
    expect(alone).toHaveLength(functions.length - 2);
    expect(watching('throttles').sort()).toEqual(alone.map((id) => ['FunctionName', id]).sort());
  });

  test('have every table, and look at the metrics that DynamoDB has for a table', () => {
    const tables = Object.keys(ofType(dev.data, 'AWS::DynamoDB::GlobalTable')).map((id) => id.slice(0, -8));
    const watched = alarms.filter(({ AlarmName }) => AlarmName.includes('-throttled-'));
    const names = watched.map((alarm) => {
      const [[dimension, value] = []] = dimensionsOf(alarm);
      return `${alarm.MetricName} ${dimension} ${readable(value)}`;
    });
    const expected = tables.flatMap((table) => [
      `ReadThrottleEvents TableName ${table}`,
      `WriteThrottleEvents TableName ${table}`,
    ]);
    expect(names.sort()).toEqual(expected.sort());
  });

  test('look at the API, the cluster and the stage that are deployed with them', () => {
    expect(dimensionsOf(named('api-5xx')).map(([name, value]) => `${name} ${readable(value)}`)).toEqual([
      'ApiId FrontDoorApi',
    ]);
    expect(dimensionsOf(named('refresh-reuse'))).toEqual([['service', 'gatehouse-dev']]);
    expect(dimensionsOf(named('denied-calls'))).toEqual([['service', 'gatehouse-dev']]);
    // The cluster's name is the seventh part of its ARN.
    const [[dimension, value] = []] = dimensionsOf(named('aurora-capacity'));
    expect(dimension).toBe('DBClusterIdentifier');
    const [at, { 'Fn::Split': split }] = (value as { 'Fn::Select': [number, { 'Fn::Split': [string, unknown] }] })[
      'Fn::Select'
    ];
    expect(at).toBe(6);
    expect(split[0]).toBe(':');
    expect(readable(split[1])).toBe('DatabaseCluster');
  });

  test('of a database are there where one is made here, and no others go with it', () => {
    const names = (of: readonly Alarm[]) => of.map(({ AlarmName }) => AlarmName.replace('gatehouse-dev-', ''));
    const gone = names(alarms).filter((name) => !names(none).includes(name));
    expect(gone.sort()).toEqual(['aurora-capacity', 'errors-mcp-write', 'throttles-mcp-write']);
    const existing = synthesized({
      'gatehouse.database': {
        kind: 'existing',
        clusterArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:shared',
        name: 'gatehouse',
        adminSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse-admin-AbCdEf',
      },
    });
    expect(names(alarmsOf(existing.service)).filter((name) => name.includes('aurora'))).toEqual([]);
  });

  test('begin where the settings say', () => {
    const busy = alarmsOf(synthesized({ 'gatehouse.alarms': { deniedCalls: 7, refusedTokens: 5000 } }).service);
    const thresholds = Object.fromEntries(busy.map(({ AlarmName, Threshold }) => [AlarmName, Threshold]));
    expect(thresholds).toMatchObject({
      'gatehouse-dev-denied-calls': 7,
      'gatehouse-dev-refused-tokens': 5000,
      'gatehouse-dev-api-4xx': 15_000,
    });
  });
});

describe('what alarms listen for is said', () => {
  test('by the token function, when KMS does not sign', () => {
    const refusal = { reason: 'signing-unavailable', detail: 'ThrottlingException' } as const;
    expect(evidence(refusal).reason).toBe(SIGNING_UNAVAILABLE);
    type Filter = { readonly FilterPattern: string; readonly LogGroupName: unknown };
    const filters = Object.values(ofType<Filter>(dev.service, 'AWS::Logs::MetricFilter'));
    const its = filters.filter(({ Properties }) => Properties.FilterPattern.includes(SIGNING_UNAVAILABLE));
    expect(its.map(({ Properties }) => [Properties.FilterPattern, readable(Properties.LogGroupName)])).toEqual([
      [`{ $.reason = "${SIGNING_UNAVAILABLE}" }`, 'AuthorizationServerTokenLog'],
    ]);
  });

  test('by the functions that count: the names are the same on both sides', () => {
    const counting = namesIn('functions/core/metrics/metric.ts');
    expect(counting.length).toBeGreaterThan(10);
    expect(namesIn('infra/constructs/alarms-metrics.ts')).toEqual(counting);
  });
});

test('the README says how many there are and what they cost', () => {
  const readme = readFileSync('infra/README.md', 'utf8').replaceAll(/\s+/g, ' ');
  const dollars = (price: number) => `$${price.toFixed(2)}`;
  // On one metric each: an alarm is priced by the metrics it looks at.
  expect(alarms.filter(({ MetricName }) => MetricName === undefined)).toEqual([]);
  expect(readme).toContain(`${alarms.length} alarms cost ${dollars(alarms.length * 0.1)} a month`);
  type Filter = { readonly MetricTransformations: readonly { readonly MetricName: string }[] };
  const filters = Object.values(ofType<Filter>(dev.service, 'AWS::Logs::MetricFilter'));
  const inLogs = filters.flatMap(({ Properties }) =>
    Properties.MetricTransformations.map(({ MetricName }) => MetricName),
  );
  const numbers = namesIn('infra/constructs/alarms-metrics.ts').length + new Set(inLogs).size;
  expect(readme).toContain(`at most ${dollars(numbers * 0.3)} (${numbers} names,`);
});

/** The members of the union of names in a source file. */
function namesIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^ {2}\| '([A-Z]\w+)'/gm)].map(([, name = '']) => name).sort();
}

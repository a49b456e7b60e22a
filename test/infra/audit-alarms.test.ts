import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AUDIT_GAP, OPEN_INTENT } from '../../infra/constructs/audit-alarms.ts';
import { ofType, readable, synthesized } from './synthesized.ts';

type Filter = {
  readonly FilterPattern: string;
  readonly LogGroupName: unknown;
  readonly MetricTransformations: readonly { readonly MetricName: string; readonly MetricNamespace: string }[];
};
type Alarm = {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
};

const { service } = synthesized();
const filters = Object.values(ofType<Filter>(service, 'AWS::Logs::MetricFilter')).map(({ Properties }) => Properties);
const alarms = Object.values(ofType<Alarm>(service, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const functions = Object.values(
  ofType<{
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
    readonly LoggingConfig: { readonly LogGroup: unknown };
  }>(service, 'AWS::Lambda::Function'),
).map(({ Properties }) => Properties);

/** The functions in whose log a message is looked for. */
function watched(message: string): readonly unknown[] {
  const its = filters.filter(({ FilterPattern }) => FilterPattern === `{ $.message = "${message}" }`);
  const groups = its.map(({ LogGroupName }) => readable(LogGroupName));
  return functions
    .filter(({ LoggingConfig }) => groups.includes(readable(LoggingConfig.LogGroup)))
    .map(({ Environment }) => Environment.Variables.POWERTOOLS_SERVICE_NAME)
    .sort();
}

describe('an alarm goes off', () => {
  test.each([
    ['when a row could not be written, in each function that writes rows', AUDIT_GAP],
    ['when a write began and its end is not on record, as seal sees it', OPEN_INTENT],
  ])('%s', (_, message) => {
    const its = filters.filter(({ FilterPattern }) => FilterPattern.includes(message));
    const metrics = new Set(its.map(({ MetricTransformations: [metric] }) => metric?.MetricName));
    expect(metrics.size).toBe(1);
    const [alarm, ...others] = alarms.filter(({ MetricName }) => metrics.has(MetricName));
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({
      Namespace: 'Gatehouse',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('for every function that may add rows of requests', () => {
    const adding = functions
      .filter(({ Environment: { Variables } }) => Variables.AUDIT_TABLE && Variables.POWERTOOLS_SERVICE_NAME !== 'seal')
      .map(({ Environment }) => Environment.Variables.POWERTOOLS_SERVICE_NAME);
    expect(adding.length).toBe(5);
    expect(watched(AUDIT_GAP)).toEqual(adding.sort());
    expect(watched(OPEN_INTENT)).toEqual(['seal']);
  });
});

test('the functions say what the alarm listens for, and the runbook knows it', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
  for (const path of ['functions/core/tools/record.ts', 'functions/core/oauth/recorded.ts']) {
    expect(text(path), path).toContain(`'${AUDIT_GAP}'`);
  }
  expect(text('functions/seal/open-writes.ts')).toContain(`'${OPEN_INTENT}'`);
  for (const message of [AUDIT_GAP, OPEN_INTENT]) expect(text('infra/RUNBOOK.md')).toContain(`\`${message}\``);
});

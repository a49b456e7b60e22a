import { readFileSync } from 'node:fs';
import type { Template as Synthesized } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { idle, total, watching } from '../../infra/cost/bill.ts';
import { costOf, PRICES, READ } from '../../infra/cost/prices.ts';
import { resourcesOf } from '../../infra/cost/resources.ts';
import { PRODUCTION } from '../../infra/cost/stacks.ts';
import { IDLE_AT_MOST } from '../../infra/cost/tables.ts';
import { COST, computed } from '../../infra/cost/write.ts';
import { ofType, synthesized } from './synthesized.ts';

/** infra/COST.md is computed, and what it is computed from is the template that is deployed. */
let templates: readonly Synthesized[];
beforeAll(() => {
  const { data, service } = synthesized(PRODUCTION);
  templates = [data, service];
});

test('COST.md is what node infra/cost/write.ts writes', { timeout: 90_000 }, () => {
  const text = readFileSync(COST, 'utf8');
  expect(text).toBe(computed(text));
});

describe('what is counted', () => {
  const all = (type: string) => templates.flatMap((template) => Object.values(ofType<object>(template, type)));

  test('is what the templates hold', () => {
    const counted = resourcesOf(templates.map((template) => template.toJSON()));
    expect(counted).toMatchObject({
      keys: all('AWS::KMS::Key').length,
      secrets: all('AWS::SecretsManager::Secret').length,
      tables: all('AWS::DynamoDB::GlobalTable').length,
      alarms: all('AWS::CloudWatch::Alarm').length,
      sealMinutes: 5,
    });
    // The ones the design names: signing, sealing, hashing; reader, writer, admin, identity provider; three tables.
    expect([counted.keys - counted.topicKeys, counted.secrets, counted.tables]).toEqual([3, 4, 3]);
    expect(counted.alarmMetrics).toBeGreaterThanOrEqual(counted.alarms);
    expect(counted.filteredMetrics).toContain('prod: audit sealed');
  });

  test('knows every metric that the functions write, since each that has a value is billed', () => {
    const source = readFileSync('functions/core/metrics/metric.ts', 'utf8');
    const [, union = ''] = /export type MetricName =([\s\S]*?);/.exec(source) ?? [];
    const written = [...union.matchAll(/\| '(\w+)'/g)].map(([, name]) => name);
    expect(written.length).toBeGreaterThan(10);
    const { embeddedMetrics } = resourcesOf(templates.map((template) => template.toJSON()));
    expect(embeddedMetrics).toEqual(written.sort());
  });

  test('costs no more than five dollars while nobody comes, without alarms', () => {
    const { data, service } = synthesized({ ...PRODUCTION, 'gatehouse.alarms': { enabled: false } });
    const quiet = resourcesOf([data.toJSON(), service.toJSON()]);
    const month = total(idle(quiet)) + total(watching(quiet));
    expect(month).toBeGreaterThan(4);
    expect(month).toBeLessThanOrEqual(IDLE_AT_MOST);
  });

  test('is more when a template holds more', () => {
    const before = templates.map((template) => template.toJSON());
    const more = { Resources: { Another: { Type: 'AWS::KMS::Key' }, Secret: { Type: 'AWS::SecretsManager::Secret' } } };
    const cost = (of: typeof before) => total(idle(resourcesOf(of)));
    expect(cost([...before, more]) - cost(before)).toBeCloseTo(1.4, 10);
  });

  test('an alarm on an expression is billed for each metric of it', () => {
    const stat = { MetricStat: { Metric: {} } };
    const Properties = { Metrics: [stat, stat, { Expression: 'm1 / m2' }] };
    const schedule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(5 minutes)' } };
    const Resources = { A: { Type: 'AWS::CloudWatch::Alarm', Properties }, schedule };
    expect(resourcesOf([{ Resources }])).toMatchObject({ alarms: 1, alarmMetrics: 2 });
  });
});

describe('the file of prices', () => {
  test('has a date, and for each price its unit and the page it is from', () => {
    expect(READ).toMatch(/^20\d\d-\d\d-\d\d$/);
    for (const [name, { usd, for: each, unit, page }] of Object.entries(PRICES)) {
      expect([name, usd > 0, each > 0, unit !== '', / pricing/.test(page)]).toEqual([name, true, true, true, true]);
    }
  });

  test('is read as so much for so many', () => {
    expect(costOf('http-api', 2_000_000)).toBeCloseTo(2, 10);
    expect(costOf('kms-sign', 10_000)).toBeCloseTo(0.15, 10);
    expect(costOf('secret', 4)).toBeCloseTo(1.6, 10);
  });
});

import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { alarmsOf } from './alarms.ts';
import { ofType, synthesized } from './synthesized.ts';

type Metric = readonly (string | { readonly expression?: string; readonly stat?: string; readonly label?: string })[];
type Widget = {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly Metric[];
  };
};

/** The body as CloudWatch gets it: what is known at deployment is written as the logical id or the export that it is. */
function widgetsOf(template: Template): readonly Widget[] {
  const dashboards = Object.values(ofType<{ readonly DashboardBody: unknown }>(template, 'AWS::CloudWatch::Dashboard'));
  expect(dashboards).toHaveLength(1);
  const body = dashboards[0]?.Properties.DashboardBody as {
    readonly 'Fn::Join': readonly [string, readonly unknown[]];
  };
  const text = body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : idIn(part))).join('');
  return (JSON.parse(text) as { readonly widgets: readonly Widget[] }).widgets;
}

function idIn(part: unknown): string {
  const [[name, argument] = []] = Object.entries(part as Record<string, unknown>);
  if (name === 'Ref') return String(argument);
  if (name === 'Fn::GetAtt') return String((argument as readonly string[])[0]);
  if (name === 'Fn::ImportValue') return String(argument);
  if (name === 'Fn::Select') return 'a part';
  throw new Error(`no id in ${JSON.stringify(part)}`);
}

/** What is drawn: namespace and name of every metric, one line for each statistic of it. */
function metricsOf(widgets: readonly Widget[]): readonly string[] {
  return widgets.flatMap(({ properties }) =>
    (properties.metrics ?? []).flatMap((metric) =>
      typeof metric[0] === 'string' ? [`${metric[0]} ${String(metric[1])}`] : [],
    ),
  );
}

const aurora = synthesized();
const none = synthesized({ 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false });
const widgets = widgetsOf(aurora.service);
const titles = (of: readonly Widget[]) => of.map(({ properties }) => properties.title).filter(Boolean);

describe('the dashboard', () => {
  test('is one for a stage, named after it', () => {
    aurora.service.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'gatehouse-dev' });
    aurora.data.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });

  test('refers to at most 50 metrics, which is what an account has for nothing', () => {
    const drawn = metricsOf(widgets);
    expect(drawn.length).toBeGreaterThan(40);
    expect(drawn.length).toBeLessThanOrEqual(50);
  });

  test('shows everything that the functions count', () => {
    const source = readFileSync('infra/constructs/alarms-metrics.ts', 'utf8');
    const counted = [...source.matchAll(/^ {2}\| '([A-Z]\w+)'/gm)].map(([, name = '']) => `Gatehouse ${name}`);
    const drawn = new Set(metricsOf(widgets).filter((name) => name.startsWith('Gatehouse ')));
    expect([...drawn].sort()).toEqual(counted.sort());
  });

  test('shows how long calls and requests take, at the median and at the slow end', () => {
    for (const title of ['How long a call takes, ms', 'How long a request takes, ms']) {
      const widget = widgets.find(({ properties }) => properties.title === title);
      const statistics = (widget?.properties.metrics ?? []).map((metric) => (metric.at(-1) as { stat?: string }).stat);
      expect(statistics, title).toEqual(['p50', 'p95', 'p99']);
    }
  });

  test('shows what costs: invocations, GB-seconds, request units, keys, log bytes, and Aurora where it is made here', () => {
    const costs = ['Invocations', 'Lambda, GB-seconds', 'DynamoDB, request units', 'KMS, what succeeded', 'Log bytes'];
    expect(titles(widgets)).toEqual(expect.arrayContaining([...costs, 'Aurora, capacity units']));
    expect(titles(widgetsOf(none.service))).toEqual(expect.arrayContaining(costs));
    expect(titles(widgetsOf(none.service))).not.toContain('Aurora, capacity units');
  });

  test('counts GB-seconds with the memory that every function has', () => {
    type LambdaFunction = { readonly MemorySize: number };
    const memory = Object.values(ofType<LambdaFunction>(aurora.service, 'AWS::Lambda::Function'));
    const gigabytes = new Set(memory.map(({ Properties }) => Properties.MemorySize / 1024));
    const widget = widgets.find(({ properties }) => properties.title === 'Lambda, GB-seconds');
    const expression = (widget?.properties.metrics ?? [])
      .map(([first]) => (typeof first === 'object' ? first.expression : undefined))
      .find((each) => each !== undefined);
    // Durations are in milliseconds.
    expect([expression]).toEqual([...gigabytes].map((size) => `SUM(METRICS()) * ${size / 1000}`));
  });

  test('has every alarm on it', () => {
    const shown = widgets.find(({ type }) => type === 'alarm')?.properties.alarms ?? [];
    const ids = Object.keys(ofType(aurora.service, 'AWS::CloudWatch::Alarm'));
    expect([...shown].sort()).toEqual(ids.sort());
    expect(alarmsOf(aurora.service)).toHaveLength(shown.length);
  });

  test('has no two widgets in the same place, and none over the edge', () => {
    for (const one of widgets) {
      expect(one.x + one.width).toBeLessThanOrEqual(24);
      for (const other of widgets) {
        if (one === other) continue;
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart, `${one.properties.title} and ${other.properties.title}`).toBe(true);
      }
    }
  });
});

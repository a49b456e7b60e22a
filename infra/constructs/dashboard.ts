import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Metric,
  SearchExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Watched } from './alarms.ts';
import { ofCluster } from './alarms-data.ts';
import { type Counted, counted, ofApi } from './alarms-metrics.ts';
import { PERIOD } from './alarms-raise.ts';
import type { FunctionKey } from './function-key.ts';

/** Properties of a {@link Dashboard}. */
export type DashboardProps = Watched & {
  /** Of this stage; none where nobody is told. */
  readonly alarms: readonly Alarm[];
  /** The keys that are used for requests. */
  readonly keys: readonly FunctionKey[];
  readonly accessLog: LogGroup;
};

/** Of the 24 columns. */
const THIRD = 8;
/** Every function has this much; what is paid is this times how long it runs. */
const GIGABYTES = 0.5;

/**
 * One page that says how a stage is: what people do, how long they wait, what goes wrong, what costs. It refers to at most
 * 50 metrics, because an account has three dashboards of that size for nothing and pays $3 a month for any other.
 */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { stage } = props.settings;
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: `gatehouse-${stage}`,
      defaultInterval: Duration.hours(12),
    });
    for (const row of [this.#health(props), this.#people(stage), this.#requests(props), this.#costs(props)]) {
      dashboard.addWidgets(...row);
    }
  }

  #health({ alarms, settings }: DashboardProps): IWidget[] {
    const markdown =
      `# gatehouse ${settings.stage}\nWhat an alarm means and what to do: infra/RUNBOOK.md, ` +
      'under the heading that its description names.';
    return [
      new TextWidget({ markdown, width: 24, height: 2 }),
      ...(alarms.length === 0
        ? []
        : [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 5 })]),
    ];
  }

  #people(stage: string): IWidget[] {
    const all = (...names: readonly Counted[]) => names.map((name) => counted(stage, name, { label: name }));
    return [
      graph('Sign-ins and clients', all('SignInCompleted', 'SignInRefused', 'ClientRegistered', 'RegistrationRefused')),
      graph('Tokens', all('TokenRefreshed', 'TokenRefused', 'RefreshReuse', 'GrantRevoked')),
      graph('Calls', all('ToolCallAllowed', 'ToolCallFailed', 'DatabaseWaking')),
      graph('Denials', all('ToolCallDenied', 'BearerRefused', 'AuditUnavailable')),
    ];
  }

  #requests({ settings, apiId }: DashboardProps): IWidget[] {
    const percentiles = [50, 95, 99].map((percentile) => ({ statistic: Stats.percentile(percentile) }));
    return [
      graph(
        'How long a call takes, ms',
        percentiles.map(({ statistic }) =>
          counted(settings.stage, 'ToolCallDuration', { statistic, label: `call ${statistic}` }),
        ),
      ),
      graph(
        'How long a request takes, ms',
        percentiles.map(({ statistic }) => ofApi(apiId, 'Latency', { statistic, label: `request ${statistic}` })),
      ),
      graph(
        'Requests, and those refused',
        (['Count', '4xx', '5xx'] as const).map((name) => ofApi(apiId, name, { label: name })),
      ),
    ];
  }

  #costs({ functions, tables, cluster, keys, accessLog }: DashboardProps): IWidget[] {
    // `seal` runs for seconds every five minutes, `migrate` when somebody deploys: both are constants.
    const answering = Object.entries(functions).filter(([name]) => name !== 'seal' && name !== 'migrate');
    const byName = (metricOf: (name: string) => IMetric, names: readonly string[]) =>
      Object.fromEntries(names.map((name, at) => [`m${at}`, metricOf(name)]));
    const sum = (label: string, factor: number, usingMetrics: Record<string, IMetric>) =>
      new MathExpression({ expression: `SUM(METRICS()) * ${factor}`, usingMetrics, label });
    const lambdaOf = new Map(answering.map(([name, { lambda }]) => [name, lambda] as const));
    const durations = Object.fromEntries(
      [...lambdaOf].map(([, lambda], at) => [`d${at}`, lambda.metricDuration({ statistic: 'Sum' })]),
    );
    const logGroups = [...[...lambdaOf.values()].map(({ logGroup }) => logGroup.logGroupName), accessLog.logGroupName];
    const written = byName(
      (LogGroupName) =>
        new Metric({
          namespace: 'AWS/Logs',
          metricName: 'IncomingBytes',
          dimensionsMap: { LogGroupName },
          statistic: 'Sum',
        }),
      logGroups,
    );
    const consumed = (which: 'Read' | 'Write') =>
      Object.entries(tables).map(([name, table]) =>
        table.metric(`Consumed${which}CapacityUnits`, { statistic: 'Sum', label: `${name}, ${which.toLowerCase()}` }),
      );
    return [
      graph(
        'Invocations',
        [...lambdaOf].map(([name, lambda]) => lambda.metricInvocations({ label: name })),
      ),
      // Of time as Lambda reports it, which is a little less than what is billed: starting up is not in it.
      graph('Lambda, GB-seconds', [sum('GB-seconds', GIGABYTES / 1000, durations)]),
      graph('DynamoDB, request units', [...consumed('Read'), ...consumed('Write')]),
      graph('KMS, what succeeded', [keysUsed(keys)]),
      graph('Log bytes', [sum('bytes', 1, written)]),
      ...(cluster ? [graph('Aurora, capacity units', [ofCluster(cluster, 'ServerlessDatabaseCapacity')])] : []),
    ];
  }
}

function graph(title: string, left: readonly IMetric[]): GraphWidget {
  return new GraphWidget({ title, left: [...left], width: THIRD, height: 6, period: PERIOD });
}

/**
 * What KMS counts by key in AWS/KMS, looked for by the keys' ids: found whatever the dimensions are called, and nothing is
 * drawn where KMS counts nothing.
 */
function keysUsed(keys: readonly FunctionKey[]): IMetric {
  const ids = keys.map(({ keyId }) => keyId).join(' OR ');
  const expression = `SEARCH('Namespace="AWS/KMS" (${ids})', 'Sum', ${PERIOD.toSeconds()})`;
  return new SearchExpression({ expression, label: '' });
}

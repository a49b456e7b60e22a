import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Alerts, PERIOD } from './alarms-raise.ts';
import type { ServiceFunction } from './service-function.ts';

/** Properties of {@link AuditAlarms}. */
export type AuditAlarmsProps = {
  readonly alerts: Alerts;
  readonly stage: string;
  /** The functions that add rows, by name. */
  readonly appending: Readonly<Record<string, ServiceFunction>>;
  /** The function that looks at every row. */
  readonly sealing: ServiceFunction;
};

/** What the functions say in their logs; a test holds them to it. */
export const AUDIT_GAP = 'the audit row could not be written';
export const OPEN_INTENT = 'audit intent open';

/**
 * Wakes somebody when the log has a gap in what it should know: a row that could not be written, so that something was
 * refused; and a write that began and whose end is not on record. `Seal` watches what was written, this what was not.
 */
export class AuditAlarms extends Construct {
  constructor(scope: Construct, id: string, { alerts, stage, appending, sealing }: AuditAlarmsProps) {
    super(scope, id);
    const gaps = Object.entries(appending).map(([name, each]) => this.#said(name, each, stage, AUDIT_GAP));
    // Every function counts into the same metric, so one of the filters names it for all.
    const [gap] = gaps;
    if (gap === undefined) throw new Error('no function adds rows: there is nothing to watch');
    alerts.raise(this, {
      name: 'audit-gap',
      heading: 'An audit row could not be written',
      means: 'A row of the audit log could not be written, so something was refused',
      metric: gap,
      threshold: 1,
    });
    alerts.raise(this, {
      name: 'open-intent',
      heading: 'A write has no known end',
      means: 'A write began more than 15 minutes ago and its end is not on record',
      metric: this.#said('seal', sealing, stage, OPEN_INTENT),
      threshold: 1,
    });
  }

  #said(name: string, { lambda }: ServiceFunction, stage: string, message: string): IMetric {
    return new MetricFilter(this, `${message} by ${name}`.replaceAll(/[^a-z]+/g, '-'), {
      logGroup: lambda.logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', message),
      metricNamespace: 'Gatehouse',
      metricName: `${stage}: ${message}`,
    }).metric({ period: PERIOD, statistic: 'Sum' });
  }
}

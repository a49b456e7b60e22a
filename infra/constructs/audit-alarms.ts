import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';

/** Properties of {@link AuditAlarms}. */
export type AuditAlarmsProps = {
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
  constructor(scope: Construct, id: string, { stage, appending, sealing }: AuditAlarmsProps) {
    super(scope, id);
    const gaps = Object.entries(appending).map(([name, each]) => this.#said(name, each, stage, AUDIT_GAP));
    // Every function counts into the same metric, so one of the filters names it for all.
    const [gap] = gaps;
    if (gap === undefined) throw new Error('no function adds rows: there is nothing to watch');
    this.#once(
      'Gap',
      gap,
      `A row of the audit log could not be written, so something was refused (gatehouse ${stage})`,
    );
    const open = this.#said('seal', sealing, stage, OPEN_INTENT);
    this.#once('OpenIntent', open, `A write began and its end is not on record for 15 minutes (gatehouse ${stage})`);
  }

  #said(name: string, { lambda }: ServiceFunction, stage: string, message: string): IMetric {
    return new MetricFilter(this, `${message} by ${name}`.replaceAll(/[^a-z]+/g, '-'), {
      logGroup: lambda.logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', message),
      metricNamespace: 'Gatehouse',
      metricName: `${stage}: ${message}`,
    }).metric({ period: Duration.minutes(5), statistic: 'Sum' });
  }

  #once(id: string, metric: IMetric, alarmDescription: string): void {
    new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

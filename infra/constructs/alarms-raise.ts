import { Duration } from 'aws-cdk-lib';
import { Alarm, type CfnAlarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import type { Notifications } from './notifications.ts';

/** How long one data point of an alarm is. */
export const PERIOD = Duration.minutes(5);

/** What whoever is woken needs first: which alarm it is, and where the runbook goes on. */
export type Known = {
  /** Behind `gatehouse-<stage>-`, and the subject of the message. */
  readonly name: string;
  /** A heading of infra/RUNBOOK.md, word for word; a test compares both ways. */
  readonly heading: string;
};

/** One alarm: its metric reaches the threshold. */
export type Alert = Known & {
  /** What it means, in one sentence. */
  readonly means: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /**
   * How many periods in a row.
   *
   * @default - 1
   */
  readonly periods?: number;
};

/**
 * The alarms of a stage. Every one has a name, says in a sentence what it means and where the runbook goes on, and tells
 * the topic.
 */
export class Alerts {
  readonly all: Alarm[] = [];
  readonly #stage: string;
  readonly #action: SnsAction;

  constructor(stage: string, { topic }: Notifications) {
    this.#stage = stage;
    this.#action = new SnsAction(topic);
  }

  /**
   * Makes an alarm. No data is no alarm: each of these metrics is a count of something bad, or the load of something that
   * may be asleep, and nothing is sent when there is none of it. Where silence itself is the failure the alarm is made
   * elsewhere, and comes here by {@link adopt}.
   */
  raise(scope: Construct, { means, metric, threshold, periods = 1, ...known }: Alert): void {
    const alarm = new Alarm(scope, known.name, {
      alarmDescription: means,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.adopt(alarm, known);
  }

  /** Takes over an alarm that has a metric, a threshold and a description already. */
  adopt(alarm: Alarm, { name, heading }: Known): void {
    const resource = alarm.node.defaultChild as CfnAlarm;
    resource.alarmName = `gatehouse-${this.#stage}-${name}`;
    resource.alarmDescription = `${resource.alarmDescription}. What to do: infra/RUNBOOK.md, "${heading}".`;
    alarm.addAlarmAction(this.#action);
    this.all.push(alarm);
  }
}

import type { Template } from 'aws-cdk-lib/assertions';
import { ofType } from './synthesized.ts';

/** An alarm as the template has it, on one metric. */
export type Alarm = {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly unknown[];
  readonly ActionsEnabled?: boolean;
  readonly Namespace: string;
  readonly MetricName?: string;
  readonly Statistic: string;
  readonly Period: number;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
};

/** The alarms of a stack. */
export function alarmsOf(template: Template): readonly Alarm[] {
  return Object.values(ofType<Alarm>(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
}

/** The heading of the runbook that an alarm's description names. */
export function headingOf({ AlarmDescription }: Alarm): string {
  return /RUNBOOK\.md, "([^"]+)"\.$/.exec(AlarmDescription)?.[1] ?? '';
}

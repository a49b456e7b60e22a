import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import type { Notifications } from './notifications.ts';

/** Properties of a {@link Budget}. */
export type BudgetProps = {
  /** US dollars a month. */
  readonly monthlyUsd: number;
  readonly notifications: Notifications;
};

/**
 * Tells the topic when the month has cost 80 percent of what was planned, and when it will cost more than all of it.
 *
 * Of the whole account. A filter by the tags that every resource of ours has would be closer, but finds nothing until
 * somebody activates them as cost allocation tags in the billing console, and a budget that finds nothing never says a
 * word. It has no name: CloudFormation replaces a budget whose notifications change, and cannot replace one by itself
 * under the same name.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { monthlyUsd, notifications }: BudgetProps) {
    super(scope, id);
    const { topic } = notifications;
    const tell = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    });
    const budget = new CfnBudget(this, 'Budget', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: monthlyUsd, unit: 'USD' } },
      notificationsWithSubscribers: [tell('ACTUAL', 80), tell('FORECASTED', 100)],
    });
    // The topic's policy has to let it in first: topic and policy are children of the same construct.
    budget.node.addDependency(notifications);
  }
}

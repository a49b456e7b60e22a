import { Fn } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Alerts, PERIOD } from './alarms-raise.ts';
import type { Database } from './database.ts';
import type { ItemTable } from './item-table.ts';

/** Properties of {@link DataAlarms}. */
export type DataAlarmsProps = {
  readonly alerts: Alerts;
  readonly tables: Readonly<Record<string, ItemTable>>;
  /** The cluster that is made here; absent where it is somebody else's, or there is none. */
  readonly cluster: Database | undefined;
};

/** Tables and the database at the end of what they may take. */
export class DataAlarms extends Construct {
  constructor(scope: Construct, id: string, { alerts, tables, cluster }: DataAlarmsProps) {
    super(scope, id);
    // Of the table. ThrottledRequests would have its index too, but is counted for each operation apart; a row that the
    // index of the audit log has no room for is not written, and `audit-gap` says so.
    for (const [name, table] of Object.entries(tables)) {
      for (const access of ['Read', 'Write'] as const) {
        alerts.raise(this, {
          name: `throttled-${access.toLowerCase()}s-${name}`,
          heading: 'A table is throttled',
          means: `DynamoDB turned away ten or more ${access.toLowerCase()}s of the table ${name} in five minutes`,
          metric: table.metric(`${access}ThrottleEvents`, { statistic: 'Sum', period: PERIOD }),
          // The SDK tries again, and a few are nobody's loss.
          threshold: 10,
        });
      }
    }
    if (cluster === undefined) return;
    alerts.raise(this, {
      name: 'aurora-capacity',
      heading: 'Aurora is at its maximum',
      means: 'For a quarter of an hour Aurora used 95 percent or more of the capacity it may grow to',
      metric: ofCluster(cluster, 'ACUUtilization'),
      threshold: 95,
      periods: 3,
    });
  }
}

/** A metric of the cluster, averaged over its one instance; 0 while it sleeps. */
export function ofCluster(
  { clusterArn }: Database,
  metricName: 'ACUUtilization' | 'ServerlessDatabaseCapacity',
): Metric {
  return new Metric({
    namespace: 'AWS/RDS',
    metricName,
    // arn:<partition>:rds:<region>:<account>:cluster:<this>
    dimensionsMap: { DBClusterIdentifier: Fn.select(6, Fn.split(':', clusterArn)) },
    statistic: 'Average',
    period: PERIOD,
  });
}

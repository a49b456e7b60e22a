import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../function-names.ts';
import { type Alerts, PERIOD } from './alarms-raise.ts';
import type { ServiceFunction } from './service-function.ts';

/** The functions of a stage by their names; without a database there is no `mcp-write`. */
export type Functions = Readonly<Partial<Record<FunctionName, ServiceFunction>>>;

/** Properties of {@link FunctionAlarms}. */
export type FunctionAlarmsProps = {
  readonly alerts: Alerts;
  readonly stage: string;
  readonly functions: Functions;
  /** The one that signs access tokens. */
  readonly signing: ServiceFunction;
};

/** Run one at a time on purpose. What a second run would miss, `unsealed` tells, or the deployment that failed. */
const ALONE: ReadonlySet<string> = new Set<FunctionName>(['seal', 'migrate']);

/** What the token function says in the request's line when KMS did not sign; a test holds it to that. */
export const SIGNING_UNAVAILABLE = 'signing-unavailable';

/** Functions that fail, functions that have more to do than they may, and tokens that cannot be signed. */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, { alerts, stage, functions, signing }: FunctionAlarmsProps) {
    super(scope, id);
    for (const [name, { lambda }] of Object.entries(functions)) {
      alerts.raise(this, {
        name: `errors-${name}`,
        heading: 'A function fails',
        // What a handler catches is an answer with 500, and `api-5xx` counts it.
        means: `${name} ran out of time or memory, crashed or could not start`,
        metric: lambda.metricErrors({ period: PERIOD }),
        threshold: 1,
      });
      if (ALONE.has(name)) continue;
      // Not ConcurrentExecutions near the reserved number: with `concurrency.reserved` off there is no such number, and
      // the account's is not ours to know. What was turned away is the same fact in both cases.
      alerts.raise(this, {
        name: `throttles-${name}`,
        heading: 'A function is throttled',
        means: `${name} was called while as many ran as may run at once, and the call was turned away`,
        metric: lambda.metricThrottles({ period: PERIOD }),
        threshold: 1,
      });
    }
    // AWS has no metric that shows it. AWS/KMS counts what succeeded, by key, so a key that refuses looks like a night
    // without sign-ins; AWS/Usage counts calls by quota for the whole account, and neither a key nor a denial is in it.
    // The function knows, and its line is the truth for all reasons alike: throttled, disabled, denied, out of reach.
    // The other two keys have their own: `audit-gap` where a MAC is missing, `unsealed` where a checkpoint is not signed.
    alerts.raise(this, {
      name: 'signing-failed',
      heading: 'Tokens cannot be signed',
      means: 'KMS did not sign an access token after three attempts, and the client was told to come again',
      metric: new MetricFilter(this, 'SigningUnavailable', {
        logGroup: signing.lambda.logGroup,
        filterPattern: FilterPattern.stringValue('$.reason', '=', SIGNING_UNAVAILABLE),
        metricNamespace: 'Gatehouse',
        metricName: `${stage}: signing unavailable`,
      }).metric({ period: PERIOD, statistic: 'Sum' }),
      threshold: 1,
    });
  }
}

import { Construct } from 'constructs';
import { ofApi } from './alarms-metrics.ts';
import { type Alerts, PERIOD } from './alarms-raise.ts';

/** Properties of {@link ApiAlarms}. */
export type ApiAlarmsProps = {
  readonly alerts: Alerts;
  readonly apiId: string;
  /** How many requests may be refused in five minutes, for a quarter of an hour, before somebody is told. */
  readonly refusals: number;
};

/** What callers see of the API as a whole. */
export class ApiAlarms extends Construct {
  constructor(scope: Construct, id: string, { alerts, apiId, refusals }: ApiAlarmsProps) {
    super(scope, id);
    alerts.raise(this, {
      name: 'api-5xx',
      heading: 'The API answers 5xx',
      means: 'Five or more requests in five minutes were answered with 5xx',
      metric: ofApi(apiId, '5xx', { period: PERIOD }),
      threshold: 5,
    });
    // An HTTP API has no metric for what its throttles refuse: a 429 is a 4xx like the others. So one alarm for both; the
    // access log tells them apart.
    alerts.raise(this, {
      name: 'api-4xx',
      heading: 'Many requests are refused',
      means: `For a quarter of an hour ${refusals} or more requests in every five minutes were answered with 4xx`,
      metric: ofApi(apiId, '4xx', { period: PERIOD }),
      threshold: refusals,
      periods: 3,
    });
  }
}

import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** What the functions count, in the embedded metric format: one namespace, one dimension, so one price for each name. */
export type Counted =
  | 'SignInCompleted'
  | 'SignInRefused'
  | 'ClientRegistered'
  | 'RegistrationRefused'
  | 'TokenRefreshed'
  | 'TokenRefused'
  | 'RefreshReuse'
  | 'GrantRevoked'
  | 'BearerRefused'
  | 'ToolCallAllowed'
  | 'ToolCallDenied'
  | 'ToolCallFailed'
  /** Milliseconds; the others are counts. */
  | 'ToolCallDuration'
  | 'DatabaseWaking'
  | 'AuditUnavailable';

/** Everything of a stage together, by what it is. A sum unless said otherwise. */
export function counted(stage: string, metricName: Counted, options: MetricOptions = {}): Metric {
  return new Metric({
    namespace: 'Gatehouse',
    metricName,
    dimensionsMap: { service: `gatehouse-${stage}` },
    statistic: 'Sum',
    ...options,
  });
}

/** A metric of the HTTP API, by its id. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
export function ofApi(
  ApiId: string,
  metricName: '4xx' | '5xx' | 'Count' | 'Latency',
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace: 'AWS/ApiGateway',
    metricName,
    dimensionsMap: { ApiId },
    // Every request is one sample of Count.
    statistic: metricName === 'Count' ? 'SampleCount' : 'Sum',
    ...options,
  });
}

/** A template as CloudFormation gets it, as far as it is counted. */
export type Template = {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
};
type Properties = Readonly<Record<string, unknown>>;

/** What of a stack costs something while nobody uses it. */
export type Resources = {
  readonly keys: number;
  /** Those of them that encrypt what alarms say on its way to somebody. */
  readonly topicKeys: number;
  readonly secrets: number;
  readonly tables: number;
  /** Metrics that alarms look at: an alarm on an expression is billed for each metric of it. */
  readonly alarmMetrics: number;
  readonly alarms: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  /** Metrics that are made of log lines, by name: those that have a value are billed. */
  readonly filteredMetrics: readonly string[];
  /** Metrics that functions write themselves and somebody looks at, by name. */
  readonly embeddedMetrics: readonly string[];
  readonly webAcls: number;
  readonly webAclRules: number;
  /** Minutes between two runs of the seal. */
  readonly sealMinutes: number;
};

/** Counts over all templates of a deployment. */
export function resourcesOf(templates: readonly Template[]): Resources {
  const all = templates.flatMap(({ Resources = {} }) => Object.values(Resources));
  const of = (type: string) => all.filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);
  const alarms = of('AWS::CloudWatch::Alarm');
  const schedules = of('AWS::Events::Rule').map(({ ScheduleExpression }) => String(ScheduleExpression));
  const minutes = schedules.map((each) => Number(/^rate\((\d+) minutes\)$/.exec(each)?.[1])).filter((each) => each > 0);
  const [sealMinutes] = minutes;
  if (sealMinutes === undefined || minutes.length !== 1) throw new Error(`not one schedule: ${schedules.join(', ')}`);
  return {
    keys: of('AWS::KMS::Key').length,
    topicKeys: unique(of('AWS::SNS::Topic').flatMap(ownKeyOf)).length,
    secrets: of('AWS::SecretsManager::Secret').length,
    tables: of('AWS::DynamoDB::GlobalTable').length + of('AWS::DynamoDB::Table').length,
    alarms: alarms.length,
    alarmMetrics: alarms.reduce((sum, alarm) => sum + metricsOf(alarm).length, 0),
    compositeAlarms: of('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    filteredMetrics: unique(of('AWS::Logs::MetricFilter').flatMap(transformationsOf)),
    embeddedMetrics: unique(embedded(all)),
    webAcls: of('AWS::WAFv2::WebACL').length,
    webAclRules: of('AWS::WAFv2::WebACL').reduce((sum, { Rules }) => sum + (Rules as unknown[]).length, 0),
    sealMinutes,
  };
}

/** The key of a topic where it is one of the stack's own, and not AWS's (`alias/aws/sns`, which costs nothing to keep). */
function ownKeyOf({ KmsMasterKeyId }: Properties): readonly string[] {
  return typeof KmsMasterKeyId === 'object' ? [JSON.stringify(KmsMasterKeyId)] : [];
}

/** The metrics of an alarm: one, or those that its expression is made of. */
function metricsOf({ Metrics }: Properties): readonly unknown[] {
  if (!Array.isArray(Metrics)) return [undefined];
  return Metrics.filter((each) => typeof each === 'object' && each !== null && 'MetricStat' in each);
}

function transformationsOf({ MetricTransformations }: Properties): readonly string[] {
  return (MetricTransformations as readonly { readonly MetricName: string }[]).map(({ MetricName }) => MetricName);
}

/** The names that alarms and dashboards look for under our one dimension. A dashboard is text, with its quotes escaped. */
function embedded(resources: readonly { readonly Properties?: Properties }[]): readonly string[] {
  const text = JSON.stringify(resources.map(({ Properties }) => Properties)).replaceAll('\\', '');
  const ofAlarms = /"MetricName":"(\w+)","Namespace":"Gatehouse"/g;
  const ofDashboard = /"Gatehouse","(\w+)","service"/g;
  return [ofAlarms, ofDashboard].flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

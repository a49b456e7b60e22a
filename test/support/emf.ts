/** A line in CloudWatch's embedded metric format, as CloudWatch Logs reads it. */
export type EmfLine = Readonly<Record<string, unknown>> & {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
};

/** The metric lines among lines of a log. */
export function emfLines(lines: readonly string[]): readonly EmfLine[] {
  return lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as EmfLine);
}

/** What CloudWatch would extract of them: of each count its sum, of each duration how often there was one. */
export function extracted(lines: readonly EmfLine[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const line of lines) {
    for (const { Name, Unit } of line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics)) {
      const value = line[Name];
      const values = (Array.isArray(value) ? value : [value]).map(Number);
      const sum = Unit === 'Count' ? values.reduce((total, each) => total + each, 0) : values.length;
      sums[Name] = (sums[Name] ?? 0) + sum;
    }
  }
  return sums;
}

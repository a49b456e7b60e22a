/** How often each operation was called on each resource. Tests hold the number of AWS calls of a request to it. */
export type Counts = {
  readonly add: (service: string, operation: string, resource: string | undefined) => void;
  /** `dynamodb:GetItem table/<name>` -> 3, in the order of the first call. */
  readonly read: () => Record<string, number>;
  readonly reset: () => void;
};

export function createCounts(): Counts {
  const counts = new Map<string, number>();
  return {
    add: (service, operation, resource) => {
      const name = [`${service}:${operation}`, resourceName(resource)].filter(Boolean).join(' ');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    read: () => Object.fromEntries(counts),
    reset: () => counts.clear(),
  };
}

/** The last part of an ARN: `table/<name>`, `key/<id>`, `secret:<name>`. */
function resourceName(arn: string | undefined): string {
  return arn?.split(':').slice(5).join(':') ?? '';
}

import type { AwsError } from './aws-error.ts';

/**
 * Failures that a test wants to see survived. Operations are named `<service>:<Operation>`, as in `kms:Sign` or
 * `dynamodb:UpdateItem`. There is no other way in: no variable, header or file can cause a fault.
 */
export type Faults = {
  /** The next calls that IAM allows are answered with this error and do nothing. */
  readonly failNext: (operation: string, error: AwsError, times?: number) => void;
  /** The next calls are carried out, and the connection breaks before the answer. */
  readonly loseAnswer: (operation: string, times?: number) => void;
  /** Used by the endpoint: what is planned for this call, which is thereby used up. */
  readonly take: (operation: string) => Fault | undefined;
};

type Fault = { readonly kind: 'fail'; readonly error: AwsError } | { readonly kind: 'lose-answer' };

/** No faults yet. */
export function createFaults(): Faults {
  const planned = new Map<string, Fault[]>();
  const plan = (operation: string, fault: Fault, times: number) => {
    const queue = planned.get(operation) ?? [];
    planned.set(operation, [...queue, ...Array.from({ length: times }, () => fault)]);
  };
  return {
    failNext: (operation, error, times = 1) => plan(operation, { kind: 'fail', error }, times),
    loseAnswer: (operation, times = 1) => plan(operation, { kind: 'lose-answer' }, times),
    take: (operation) => planned.get(operation)?.shift(),
  };
}

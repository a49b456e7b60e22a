import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import type { Faults } from '../../infra/local/aws/faults.ts';

/**
 * How an await can end badly. `throws`: nothing was done. `throttled`: nothing, and it says so. `answer lost`: it was done.
 * `silent`: nothing comes until whoever waits gives up. `crash`: the process is gone, and what it would have done next.
 */
export const MODES = ['throws', 'throttled', 'answer lost', 'silent', 'crash'] as const;
export type Mode = (typeof MODES)[number];

/** The await of number `k` ends like this, and with `lasting` each that follows. */
export type StepFault = { readonly k: number; readonly mode: Mode; readonly lasting: boolean };

export type Steps = {
  /** What was waited for, in order. */
  readonly taken: readonly string[];
  /** Resolves with nothing when the process is gone. */
  readonly crashed: Promise<undefined>;
  /** Does one step, or fails it. `throttle` is what it gives when it is asked to come later. */
  readonly at: <T>(name: string, run: () => Promise<T>, throttle?: T) => Promise<T>;
  /** Makes every request of a client a step. */
  readonly between: (client: DynamoDBClient | KMSClient, service: string, faults: Faults) => void;
};

const GIVES_UP_AFTER = 400;
const forever = () => new Promise<never>(() => {});

export function createSteps(fault?: StepFault): Steps {
  const taken: string[] = [];
  const crash = Promise.withResolvers<undefined>();
  let gone = false;
  const modeOf = (name: string): Mode | undefined => {
    const k = taken.push(name) - 1;
    if (fault === undefined) return undefined;
    return k === fault.k || (fault.lasting && k > fault.k) ? fault.mode : undefined;
  };
  const die = (): Promise<never> => {
    gone = true;
    // Whatever was sent before is let through to the table first.
    setTimeout(() => crash.resolve(undefined), 100);
    return forever();
  };
  return {
    taken,
    crashed: crash.promise,
    at: async (name, run, throttle) => {
      if (gone) return forever();
      const mode = modeOf(name);
      if (mode === undefined) return run();
      if (mode === 'crash') return die();
      if (mode === 'throttled' && throttle !== undefined) return throttle;
      if (mode === 'answer lost') await run();
      if (mode === 'silent') await new Promise((resolve) => setTimeout(resolve, GIVES_UP_AFTER));
      throw new Error(`${name}: ${mode}`);
    },
    between: (client, service, faults) => {
      const handler = client.config.requestHandler;
      const handle = handler.handle.bind(handler);
      handler.handle = async (request, options) => {
        const target = request.headers['x-amz-target'] ?? request.headers['X-Amz-Target'] ?? '';
        const operation = `${service}:${target.split('.').at(-1)}`;
        if (gone) return forever();
        const mode = modeOf(operation);
        if (mode === 'crash') return die();
        if (mode === 'throws') throw new Error('connect ECONNREFUSED');
        if (mode === 'silent')
          return untilAborted((options as { readonly abortSignal?: AbortSignal } | undefined)?.abortSignal);
        if (mode === 'throttled') faults.failNext(operation, new AwsError('ThrottlingException', 'Slow down.'));
        const answer = await handle(request, options);
        if (mode === 'answer lost') throw new Error('socket hang up');
        return answer;
      };
    },
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { DeployedFunction } from './deployed-function.ts';
import { forEachLine } from './lines.ts';
import { type FunctionError, failed, type Outcome } from './outcome.ts';

/**
 * One execution environment of a function: a worker thread with the bundle loaded, serving one invocation at a time. It
 * ends for good at a timeout, a crash or an exit; whoever owns it starts another. Threads share a process, so this
 * keeps functions from each other's variables and failures, not from each other's malice.
 */
export type Sandbox = {
  /** Runs one invocation; the next one only after this one has come back. Never rejects. */
  readonly invoke: (event: string) => Promise<Outcome>;
  /** Why it could not load its bundle, once that is known; undefined when it could. */
  readonly loaded: Promise<FunctionError | undefined>;
  readonly alive: () => boolean;
  readonly stop: () => Promise<void>;
};

type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failure' | 'failure'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly payload: string };

type Pending = {
  readonly requestId: string;
  readonly event: string;
  readonly resolve: (outcome: Outcome) => void;
  timer?: NodeJS.Timeout;
};

const BOOT = fileURLToPath(new URL('./boot.cjs', import.meta.url));
/** Milliseconds that Lambda gives a function to load before it counts against the function's own timeout. */
const LONGEST_INIT = 10_000;
/** Bytes of JSON that Lambda takes back from a function. */
const LARGEST_RESPONSE = 6_291_556;

/** Starts a sandbox. `onLine` gets every line of the function's output, and of what the runtime says about it. */
export function startSandbox(
  deployed: DeployedFunction,
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Sandbox {
  const worker = new Worker(BOOT, {
    name: deployed.name,
    argv: [],
    execArgv: [],
    env: { ...environment },
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: deployed.memory },
    workerData: {
      taskRoot: deployed.taskRoot,
      handler: deployed.handler,
      functionName: deployed.name,
      functionArn: deployed.arn,
      memory: deployed.memory,
      logStreamName: `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    },
  });
  let state: 'starting' | 'ready' | 'gone' = 'starting';
  let pending: Pending | undefined;
  const loaded = Promise.withResolvers<FunctionError | undefined>();

  const settle = (outcome: Outcome) => {
    clearTimeout(pending?.timer);
    pending?.resolve(outcome);
    pending = undefined;
  };
  const end = async () => {
    state = 'gone';
    await worker.terminate();
  };
  const expireAfter = (milliseconds: number, invocation: Pending) =>
    setTimeout(() => {
      void end();
      const seconds = (milliseconds / 1000).toFixed(2);
      settle(
        fail('Sandbox.Timedout', `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`),
      );
    }, milliseconds);
  const fail = (errorType: string, errorMessage: string) => report({ errorType, errorMessage });
  const report = (error: FunctionError) => {
    onLine(logRecord('ERROR', pending?.requestId, error));
    return failed(error);
  };
  const dispatch = (invocation: Pending) => {
    clearTimeout(invocation.timer);
    invocation.timer = expireAfter(deployed.timeout, invocation);
    const { requestId, event } = invocation;
    worker.postMessage({ requestId, event, deadline: Date.now() + deployed.timeout });
  };

  worker.on('message', (message: Message) => {
    switch (message.kind) {
      case 'ready':
        state = 'ready';
        loaded.resolve(undefined);
        if (pending) dispatch(pending);
        return;
      case 'init-failure':
        void end();
        loaded.resolve(message.error);
        return settle(report(message.error));
      case 'failure':
        return settle(report(message.error));
      case 'result':
        return settle(readResult(message.payload));
    }
  });
  // An uncaught exception or unhandled rejection ends the thread: 'exit' follows and settles what was running.
  worker.on('error', (thrown) => onLine(logRecord('FATAL', pending?.requestId, describeCrash(thrown))));
  worker.on('exit', (code) => {
    state = 'gone';
    loaded.resolve({ errorType: 'Runtime.ExitError', errorMessage: 'its thread ended' });
    if (!pending) return;
    const why =
      code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
    settle(failed({ errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${pending.requestId} Error: ${why}` }));
  });
  forEachLine(worker.stdout, onLine);
  forEachLine(worker.stderr, onLine);

  return {
    invoke: (event) =>
      new Promise((resolve) => {
        const invocation: Pending = { requestId: randomUUID(), event, resolve };
        pending = invocation;
        if (state === 'ready') dispatch(invocation);
        else invocation.timer = expireAfter(LONGEST_INIT, invocation);
      }),
    loaded: loaded.promise,
    alive: () => state !== 'gone',
    stop: end,
  };
}

function readResult(payload: string): Outcome {
  if (Buffer.byteLength(payload) <= LARGEST_RESPONSE) return { payload: JSON.parse(payload) };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${LARGEST_RESPONSE} bytes).`;
  return failed({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
}

function describeCrash(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown) };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: thrown.stack?.split('\n') ?? [] };
}

/** A line as Lambda's own JSON log format writes it, so that one reader understands the function and its runtime. */
function logRecord(level: 'ERROR' | 'FATAL', requestId: string | undefined, message: FunctionError): string {
  return JSON.stringify({ timestamp: new Date().toISOString(), level, requestId, message });
}

import { AwsError } from '../aws/aws-error.ts';
import type { SessionKeys } from '../aws/credentials.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import { type DeployedFunction, readFunctions } from './deployed-function.ts';
import type { Outcome } from './outcome.ts';
import { createPool, type Pool } from './pool.ts';
import { startSandbox } from './sandbox.ts';
import { environmentOf } from './variables.ts';

/** Where the functions come from. A restart may bring another template with other bundles and other roles. */
export type Deployment = {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  /** The temporary credentials of a function's role. */
  readonly credentials: { readonly forFunction: (resource: Resource) => SessionKeys };
};

export type FunctionOptions = Deployment & {
  /** The address of the AWS endpoint, which every SDK client in a function finds by itself. */
  readonly endpointUrl: string;
  /** Gets every line a function writes. */
  readonly onLog: (functionName: string, line: string) => void;
};

export type Functions = {
  /**
   * Invokes a function and waits for it, as Lambda's Invoke with RequestResponse.
   *
   * @throws AwsError ResourceNotFoundException, RequestTooLargeException or TooManyRequestsException, as Invoke does;
   * Problem when the function's environment does not resolve
   */
  readonly invoke: (functionArnOrName: string, event: unknown) => Promise<Outcome>;
  /**
   * Resolves every function's environment now instead of at its first request, so that a value that is missing after
   * the custom resources have run stops the start.
   *
   * @throws Problem that names the function and the variable
   */
  readonly verify: () => void;
  /** Lets what runs finish and replaces every sandbox; what comes meanwhile is served by the new ones. */
  readonly restart: (next?: Deployment) => Promise<void>;
  /** Ends every sandbox at once, with what it is doing. */
  readonly close: () => Promise<void>;
};

/** Enough to show that an environment serves one request at a time, few enough for a laptop. */
const MOST_SANDBOXES = 4;
/** Bytes of JSON that Lambda takes in a synchronous invocation. */
const LARGEST_EVENT = 6_291_456;

type Entry = {
  readonly deployed: DeployedFunction;
  readonly pool: Pool;
  readonly environment: () => Readonly<Record<string, string>>;
};

/** The functions of a template, each behind its own pool of worker threads, none of them started yet. */
export function createFunctions(options: FunctionOptions): Functions {
  let deployment: Deployment = options;
  let entries = deploy(options);
  const draining = new Set<Pool>();
  const find = (functionArnOrName: string): Entry => {
    const entry = entries.find(({ deployed }) => [deployed.arn, deployed.name].includes(functionArnOrName));
    if (entry) return entry;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArnOrName}`, 404);
  };
  return {
    invoke: async (functionArnOrName, event) => {
      const { deployed, pool } = find(functionArnOrName);
      if (deployed.reservedConcurrency === 0) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
      const payload = JSON.stringify(event) ?? '{}';
      const size = Buffer.byteLength(payload);
      if (size > LARGEST_EVENT) {
        const message = `${size} byte payload is too large for the RequestResponse invocation type (limit ${LARGEST_EVENT} bytes)`;
        throw new AwsError('RequestTooLargeException', message, 413);
      }
      return pool.invoke(payload);
    },
    verify: () => {
      for (const { environment } of entries) environment();
    },
    restart: async (next = deployment) => {
      const previous = entries;
      entries = deploy({ ...options, ...next });
      deployment = next;
      const drained = previous.map(async ({ pool }) => {
        draining.add(pool);
        await pool.drain();
        draining.delete(pool);
      });
      await Promise.all(drained);
    },
    close: async () => {
      const pools = [...draining, ...entries.map(({ pool }) => pool)];
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

function deploy({ assembly, resolver, credentials, endpointUrl, onLog }: FunctionOptions): readonly Entry[] {
  return readFunctions(assembly, resolver).map((deployed) => {
    // Resolved when the first sandbox starts: some values come from custom resources, which are functions themselves.
    let resolved: Readonly<Record<string, string>> | undefined;
    const environment = () => {
      resolved ??= environmentOf(deployed, resolver, credentials.forFunction(deployed.resource), endpointUrl);
      return resolved;
    };
    const size = Math.min(deployed.reservedConcurrency ?? MOST_SANDBOXES, MOST_SANDBOXES);
    const start = () => startSandbox(deployed, environment(), (line) => onLog(deployed.name, line));
    return { deployed, environment, pool: createPool(size, start) };
  });
}

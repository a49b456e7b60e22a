import { Problem } from '../../problem.ts';
import { AwsError } from '../aws/aws-error.ts';
import type { SessionKeys } from '../aws/credentials.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { member } from '../template/json.ts';
import type { Resolver } from '../template/resolver.ts';
import { type DeployedFunction, readFunctions } from './deployed-function.ts';
import type { Outcome } from './outcome.ts';
import { createPool, type Pool } from './pool.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import { environmentOf } from './variables.ts';

/** Where the functions come from. A restart may bring another template with other bundles and other roles. */
export type Deployment = {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  /** The temporary credentials of a function's role. */
  readonly credentials: { readonly forFunction: (resource: Resource) => SessionKeys };
};

export type FunctionOptions = Deployment & {
  /** Variables with another value here than in the template, on whichever function has them: addresses of the world. */
  readonly replaced?: Readonly<Record<string, string>>;
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
  /** The directories that functions run from, by what the template calls them (POWERTOOLS_SERVICE_NAME). */
  readonly taskRoots: () => ReadonlyMap<string, string>;
  /**
   * Gives functions other bundles. One sandbox of each is started first: while any of them cannot load, all go on with
   * the old ones. Then new requests meet the new code, and what runs finishes on the old.
   *
   * @param taskRoots the new directories, by the names that `taskRoots` gives
   * @returns when every request is served by the new code; `drained` resolves when no thread runs the old any more
   * @throws Problem that names the function that does not load
   */
  readonly swap: (taskRoots: ReadonlyMap<string, string>) => Promise<{ readonly drained: Promise<void> }>;
  /** Ends every sandbox at once, with what it is doing. */
  readonly close: () => Promise<void>;
};

/** Enough to show that an environment serves one request at a time, few enough for a laptop. */
const MOST_SANDBOXES = 4;
/** Bytes of JSON that Lambda takes in a synchronous invocation. */
const LARGEST_EVENT = 6_291_456;

type Entry = {
  readonly service: string;
  readonly deployed: DeployedFunction;
  readonly pool: Pool;
  readonly environment: () => Readonly<Record<string, string>>;
};

/** The functions of a template, each behind its own pool of worker threads, none of them started yet. */
export function createFunctions(options: FunctionOptions): Functions {
  let deployment: Deployment = options;
  let entries = deploy(options);
  const draining = new Set<Pool>();
  const drain = async (replaced: readonly Entry[]) => {
    const drained = replaced.map(async ({ pool }) => {
      draining.add(pool);
      await pool.drain();
      draining.delete(pool);
    });
    await Promise.all(drained);
  };
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
      await drain(previous);
    },
    taskRoots: () => new Map(entries.map(({ service, deployed }) => [service, deployed.taskRoot])),
    swap: async (taskRoots) => {
      const started = entries.flatMap(({ service, deployed }) => {
        const taskRoot = taskRoots.get(service);
        if (taskRoot === undefined) return [];
        const sources = entrySources({ ...deployed, taskRoot }, { ...options, ...deployment });
        return [{ service, sources, first: sources.start() }];
      });
      const failures = await Promise.all(
        started.map(async ({ service, first }) => [service, await first.loaded] as const),
      );
      const [failed] = failures.filter(([, error]) => error !== undefined);
      if (failed) {
        await Promise.all(started.map(({ first }) => first.stop()));
        throw new Problem(`${failed[0]}: does not load: ${failed[1]?.errorMessage}`);
      }
      const next = new Map(started.map(({ sources, first }) => [sources.deployed.arn, entryOf(sources, [first])]));
      const replaced = entries.filter(({ deployed }) => next.has(deployed.arn));
      entries = entries.map((entry) => next.get(entry.deployed.arn) ?? entry);
      return { drained: drain(replaced) };
    },
    close: async () => {
      const pools = [...draining, ...entries.map(({ pool }) => pool)];
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

function deploy(options: FunctionOptions): readonly Entry[] {
  const { assembly, resolver } = options;
  return readFunctions(assembly, resolver).map((deployed) => entryOf(entrySources(deployed, options)));
}

type EntrySources = {
  readonly deployed: DeployedFunction;
  readonly environment: Entry['environment'];
  readonly start: () => Sandbox;
};

function entrySources(
  deployed: DeployedFunction,
  { resolver, credentials, endpointUrl, onLog, replaced = {} }: FunctionOptions,
): EntrySources {
  // Resolved when the first sandbox starts: some values come from custom resources, which are functions themselves.
  let resolved: Readonly<Record<string, string>> | undefined;
  const environment = () => {
    if (resolved) return resolved;
    const stated = environmentOf(deployed, resolver, credentials.forFunction(deployed.resource), endpointUrl);
    const here = Object.entries(replaced).filter(([name]) => Object.hasOwn(stated, name));
    resolved = { ...stated, ...Object.fromEntries(here) };
    return resolved;
  };
  const start = () => startSandbox(deployed, environment(), (line) => onLog(deployed.name, line));
  return { deployed, environment, start };
}

function entryOf({ deployed, environment, start }: EntrySources, ready: readonly Sandbox[] = []): Entry {
  const size = Math.min(deployed.reservedConcurrency ?? MOST_SANDBOXES, MOST_SANDBOXES);
  const variables = member(deployed.resource.properties.Environment, 'Variables');
  const service = String((variables && member(variables, 'POWERTOOLS_SERVICE_NAME')) ?? deployed.name);
  return { service, deployed, environment, pool: createPool(size, start, ready) };
}

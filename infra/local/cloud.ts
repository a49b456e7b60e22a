import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from './aws/aws-error.ts';
import { type Credentials, createCredentials } from './aws/credentials.ts';
import { type AwsEndpoint, startAwsEndpoint } from './aws/endpoint.ts';
import type { Faults } from './aws/faults.ts';
import { openSecrets, type Secrets } from './aws/secretsmanager/secrets.ts';
import { createCustomResources } from './cloudformation/custom-resources.ts';
import { type RequestReport, startGateway } from './gateway/gateway.ts';
import { type IdentityProviderOptions, startIdentityProvider } from './identity/identity-provider.ts';
import type { Shape } from './identity/shapes.ts';
import { identityOfStack } from './identity/stack-identity.ts';
import { createFunctions, type Functions } from './lambda/functions.ts';
import { acquireLock } from './lock.ts';
import type { Ports } from './ports.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { ensureDatabase } from './postgres-database.ts';
import { createRdsData } from './rds-data/rds-data.ts';
import { databaseOf, type StackDatabase, wantsDatabase } from './stack-database.ts';
import { openState } from './state.ts';
import { type Settings, synthesize } from './synthesize.ts';
import { type Assembly, loadAssembly } from './template/assembly.ts';
import type { GivenParameters } from './template/parameters.ts';
import { createResolver, type Resolver } from './template/resolver.ts';

export type CloudOptions = {
  /** The repository's root. */
  readonly checkout: string;
  /** Where state lives between runs. */
  readonly directory: string;
  readonly ports: Ports;
  /** Begins with nothing: database, tables, keys and secrets of earlier runs are deleted first. */
  readonly fresh?: boolean;
  readonly onLog?: (functionName: string, line: string) => void;
  readonly onRequest?: (report: RequestReport) => void;
  /** What is being done now, for whoever waits. */
  readonly onProgress?: (what: string) => void;
  readonly faults?: Faults;
  /** Settings that differ from cdk.json's. */
  readonly settings?: Settings;
  /** Parameters of the stacks that differ from their defaults, as an operator sets them on a deployed stack. */
  readonly parameters?: GivenParameters;
  /** False leaves the identity provider's port to somebody else: a test's own, hostile one. */
  readonly identityProvider?: boolean;
  /** How the identity provider differs from the one that the settings name. */
  readonly identityShape?: Partial<Shape>;
  /** Who is a member of what at WorkOS. */
  readonly membershipsFor?: IdentityProviderOptions['membershipsFor'];
};

/** A running local cloud, and the handles that tests need to look behind it. */
export type Cloud = {
  readonly issuer: string;
  readonly mcpUrl: string;
  /** What the identity provider knows this stack by. */
  readonly identityClient: { readonly id: string; readonly secret: string };
  /** The key of the identity provider's API; WorkOS only. */
  readonly identityApiKey: string | undefined;
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly credentials: Credentials;
  readonly endpoint: AwsEndpoint;
  readonly invoke: (functionArnOrName: string, event: unknown) => Promise<{ readonly payload: unknown }>;
  /** The bundles that run, and the way to others. */
  readonly bundles: Pick<Functions, 'taskRoots' | 'swap'>;
  readonly close: () => Promise<void>;
};

/**
 * Starts the whole stack on this machine, in the order a deployment has: template, data, functions, custom resources,
 * and the front door last, so that nothing answers before everything can.
 *
 * @throws Problem with one sentence and its fix. Whatever had started is stopped again, and the lock is given back.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  mkdirSync(options.directory, { recursive: true });
  const running = new AsyncDisposableStack();
  const lock = acquireLock(options.directory);
  running.defer(lock.release);
  try {
    if (options.fresh) clear(options.directory);
    return await startAll(options, running);
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

async function startAll(options: CloudOptions, running: AsyncDisposableStack): Promise<Cloud> {
  const { ports, directory } = options;
  const progress = options.onProgress ?? (() => {});
  const state = openState(directory);
  const issuer = `http://localhost:${ports.gateway}`;

  const wanted = wantsDatabase(options.checkout, options.settings);
  progress(`synthesizing the CDK app${wanted ? ' and starting PostgreSQL' : ''}`);
  const [output, postgres] = await both(
    synthesize(options.checkout, options.settings),
    wanted
      ? startPostgres({ directory: join(directory, 'postgres') }).then((server) => {
          running.defer(server.stop);
          return server;
        })
      : undefined,
  );
  const assembly = loadAssembly(output, options.parameters);
  const identity = identityOfStack(assembly, ports.identity, state);
  const custom = createCustomResources({ assembly, state });
  const resolver = createResolver(assembly, {
    issuer,
    identityProviderUrl: identity.issuer,
    identityClient: identity.client,
    customResourceData: custom.customResourceData,
  });
  const credentials = createCredentials({ assembly, resolver, state });

  const secrets = openSecrets(assembly, resolver, state);
  const database = databaseOf(assembly, resolver, secrets);
  const rdsData = postgres && database ? await openDatabase(postgres, database, secrets) : NO_DATABASE;
  running.defer(rdsData.close);

  const functions = createFunctions({
    assembly,
    resolver,
    credentials,
    replaced: identity.replaced,
    endpointUrl: `http://127.0.0.1:${ports.aws}`,
    onLog: options.onLog ?? (() => {}),
  });
  const endpoint = await startAwsEndpoint({
    port: ports.aws,
    assembly,
    resolver,
    state,
    credentials,
    rdsData,
    invoke: functions.invoke,
    ...(options.faults ? { faults: options.faults } : {}),
  });
  running.defer(endpoint.close);
  running.defer(functions.close);

  progress('deploying: publishing keys, migrating the database');
  await custom.deploy({ resolver, invoke: functions.invoke });
  functions.verify();

  progress('opening the doors');
  const redirectUri = `${issuer}/callback`;
  if (options.identityProvider !== false) {
    const { membershipsFor } = options;
    const shape = { ...identity.shape, ...options.identityShape };
    const provider = await startIdentityProvider({
      port: ports.identity,
      redirectUri,
      state,
      membershipsFor,
      ...identity,
      shape,
    });
    running.defer(provider.close);
  }
  const onRequest = options.onRequest ?? (() => {});
  const gateway = await startGateway({ assembly, resolver, port: ports.gateway, invoke: functions.invoke, onRequest });
  running.defer(gateway.close);

  state.write('running', { awsUrl: endpoint.url, issuer, outputs: outputsOf(assembly, resolver) });
  running.defer(() => rmSync(join(directory, 'running.json'), { force: true }));
  return {
    issuer,
    mcpUrl: `${issuer}/mcp`,
    identityClient: identity.client,
    identityApiKey: identity.apiKey,
    assembly,
    resolver,
    credentials,
    endpoint,
    invoke: functions.invoke,
    bundles: functions,
    close: () => running.disposeAsync(),
  };
}

/** The database as RDS would hand it over, behind the Data API. */
async function openDatabase(postgres: Postgres, database: StackDatabase, secrets: Secrets) {
  await ensureDatabase({ postgres, ...database });
  return createRdsData({ ...postgres, ...database, readSecret: async (arn) => secrets.login(arn) });
}

/** No cluster is known to this cloud, so no call comes this far. */
const NO_DATABASE = {
  handle: () => Promise.reject(new AwsError('DatabaseNotFoundException', 'The cluster does not exist.', 404)),
  close: async () => {},
};

/** Waits for both even when one fails, so that whatever the other started is known before everything is stopped. */
async function both<A, B>(a: Promise<A>, b: B): Promise<[A, Awaited<B>]> {
  await Promise.allSettled([a, b]);
  return await Promise.all([a, b]);
}

/** Empties the state directory, but for the lock that this run holds. */
function clear(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== 'lock') rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function outputsOf(assembly: Assembly, resolver: Resolver): Record<string, string> {
  const outputs = assembly.stacks.flatMap(({ name, outputs }) =>
    Object.entries(outputs).map(([id, { value }]) => [id, String(resolver.resolve(name, value))] as const),
  );
  return Object.fromEntries(outputs);
}

import { databaseUsed } from '../stack-database.ts';
import type { State } from '../state.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Json } from '../template/json.ts';
import type { Resolver } from '../template/resolver.ts';
import { AwsError } from './aws-error.ts';
import { type Operation, readJsonBody, requiredText, type Service } from './operation.ts';
import { openSecrets } from './secretsmanager/secrets.ts';
import { secretNeeds } from './secretsmanager/service.ts';

/**
 * The RDS Data API over a real database. `operation` is the API's name, such as ExecuteStatement; aborting `signal` stops
 * the statement in the database.
 */
export type RdsData = { readonly handle: (operation: string, input: Json, signal?: AbortSignal) => Promise<Json> };

/** Every path of the API. BatchExecuteStatement has a name here so that its denial can say it. */
const PATHS: ReadonlyMap<string, string> = new Map([
  ['/Execute', 'ExecuteStatement'],
  ['/BatchExecute', 'BatchExecuteStatement'],
  ['/BeginTransaction', 'BeginTransaction'],
  ['/CommitTransaction', 'CommitTransaction'],
  ['/RollbackTransaction', 'RollbackTransaction'],
]);

const SERVED = ['ExecuteStatement', 'BeginTransaction', 'CommitTransaction', 'RollbackTransaction'];

/**
 * The RDS Data API's door. The database user is the one of the secret that the caller names, so whoever may call with a
 * secret is whoever may read it: both are asked for.
 */
export function createRdsDataService(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
  readonly rdsData: RdsData;
}): Service {
  const { assembly, resolver, rdsData } = options;
  const secrets = openSecrets(assembly, resolver, options.state);
  const clusters = new Map(
    assembly.ofType('AWS::RDS::DBCluster').map((resource) => {
      const enabled = resolver.resolve(resource.stack, resource.properties.EnableHttpEndpoint ?? false);
      return [resolver.arn(resource), enabled === true] as const;
    }),
  );
  const used = databaseUsed(assembly, resolver)?.clusterArn;
  // Somebody else's cluster is not of the template; that it serves the Data API is a condition for using it.
  if (used !== undefined && !clusters.has(used)) clusters.set(used, true);
  const operation = (name: string): Operation => ({
    needs: ({ input }) => [
      { action: `rds-data:${name}`, resource: requiredText(input, 'resourceArn') },
      ...secretNeeds(secrets, requiredText(input, 'secretArn'), 'AWSCURRENT'),
    ],
    run: async ({ input, signal }) => {
      const enabled = clusters.get(requiredText(input, 'resourceArn'));
      if (enabled === undefined) throw new AwsError('DatabaseNotFoundException', 'The cluster does not exist.', 404);
      if (!enabled) throw new AwsError('HttpEndpointNotEnabledException', 'HttpEndpoint is not enabled.');
      return { body: JSON.stringify(await rdsData.handle(name, input, signal)) };
    },
  });
  return {
    protocol: 'rest-json',
    read: (request) => {
      const name = request.method === 'POST' ? PATHS.get(request.path) : undefined;
      if (name === undefined) return { operation: `${request.method} ${request.path}`, input: {} };
      return { operation: name, input: readJsonBody(request) };
    },
    operations: new Map(SERVED.map((name) => [name, operation(name)])),
  };
}

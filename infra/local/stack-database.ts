import { Problem } from '../problem.ts';
import type { Secrets } from './aws/secretsmanager/secrets.ts';
import type { Assembly } from './template/assembly.ts';
import { isObject } from './template/json.ts';
import type { Resolver } from './template/resolver.ts';

/** The database of the template: its cluster, its name, and the master user that `migrate` logs in as. */
export type StackDatabase = {
  readonly clusterArn: string;
  readonly database: string;
  readonly adminUser: string;
  readonly adminPassword: string;
};

/**
 * Finds the cluster, and the master user through the one function that may read its secret.
 *
 * @throws Problem when the assembly has no cluster, or no function that migrates it
 */
export function databaseOf(assembly: Assembly, resolver: Resolver, secrets: Secrets): StackDatabase {
  const [cluster] = assembly.ofType('AWS::RDS::DBCluster');
  if (!cluster)
    throw new Problem(
      'The template has no AWS::RDS::DBCluster, and the local cloud serves no stack without a database.',
    );
  const name = resolver.resolve(cluster.stack, cluster.properties.DatabaseName ?? null);
  const login = secrets.login(adminSecretArn(assembly, resolver));
  if (typeof name !== 'string' || !login) {
    throw new Problem(
      `${cluster.stack}/${cluster.id} names no database or no master user. See infra/constructs/database.ts.`,
    );
  }
  return {
    clusterArn: resolver.arn(cluster),
    database: name,
    adminUser: login.username,
    adminPassword: login.password,
  };
}

function adminSecretArn(assembly: Assembly, resolver: Resolver): string {
  for (const { stack, properties } of assembly.ofType('AWS::Lambda::Function')) {
    const variables = isObject(properties.Environment) ? properties.Environment.Variables : undefined;
    if (!isObject(variables) || variables.POWERTOOLS_SERVICE_NAME !== 'migrate') continue;
    return String(resolver.resolve(stack, variables.DATABASE_SECRET_ARN ?? null));
  }
  throw new Problem('The template has no function "migrate", so nothing would prepare the database.');
}

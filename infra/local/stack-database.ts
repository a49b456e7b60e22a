import { settingsFrom } from '../settings.ts';
import type { Login, Secrets } from './aws/secretsmanager/secrets.ts';
import { localContext, type Settings } from './synthesize.ts';
import type { Assembly } from './template/assembly.ts';
import { isObject } from './template/json.ts';
import type { Resolver } from './template/resolver.ts';

/** The database that the stack works with: its cluster, its name, and the master user that `migrate` logs in as. */
export type StackDatabase = {
  readonly clusterArn: string;
  readonly database: string;
  readonly adminUser: string;
  readonly adminPassword: string;
};

/**
 * Whether the stack will have a database, before it is synthesized: PostgreSQL starts meanwhile.
 *
 * @throws Problem with a sentence for each mistake in the settings
 */
export function wantsDatabase(checkout: string, settings: Settings = {}): boolean {
  return settingsFrom(localContext(checkout, settings)).database.kind !== 'none';
}

/** The database of the template, through the one function that may read its master secret; undefined without one. */
export function databaseOf(assembly: Assembly, resolver: Resolver, secrets: Secrets): StackDatabase | undefined {
  const used = databaseUsed(assembly, resolver);
  const login: Login | undefined = used && secrets.login(used.adminSecretArn);
  if (!used || !login) return undefined;
  return {
    clusterArn: used.clusterArn,
    database: used.name,
    adminUser: login.username,
    adminPassword: login.password,
  };
}

/**
 * What `migrate` is told about its database. The cluster and the secret may be of the template, or somebody else's, which
 * this machine then stands in for.
 */
export function databaseUsed(assembly: Assembly, resolver: Resolver) {
  for (const { stack, properties } of assembly.ofType('AWS::Lambda::Function')) {
    const variables = isObject(properties.Environment) ? properties.Environment.Variables : undefined;
    if (!isObject(variables) || variables.POWERTOOLS_SERVICE_NAME !== 'migrate') continue;
    if (variables.DATABASE_CLUSTER_ARN === undefined) return undefined;
    const value = (name: string) => String(resolver.resolve(stack, variables[name] ?? null));
    return {
      clusterArn: value('DATABASE_CLUSTER_ARN'),
      name: value('DATABASE_NAME'),
      adminSecretArn: value('DATABASE_SECRET_ARN'),
    };
  }
  return undefined;
}

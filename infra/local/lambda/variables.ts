import { join } from 'node:path';
import { Problem } from '../../problem.ts';
import type { SessionKeys } from '../aws/credentials.ts';
import type { Resource } from '../template/assembly.ts';
import { isObject, type Json, type JsonObject, member } from '../template/json.ts';
import type { Resolver } from '../template/resolver.ts';
import type { DeployedFunction } from './deployed-function.ts';

/** Names that Lambda keeps for itself: CreateFunction refuses them ("Defined runtime environment variables"). */
const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

/** Bytes of names and values together that Lambda takes. */
const LARGEST = 4096;

/**
 * Refuses what is wrong whatever the intrinsics resolve to: a reserved name, or a value that is neither text nor an
 * intrinsic.
 *
 * @throws Problem that names the function and the variable
 */
export function refuseVariables(resource: Resource): void {
  for (const [name, value] of Object.entries(variablesOf(resource))) {
    const where = `${resource.stack}/${resource.id}: environment variable ${name}`;
    if (RESERVED.has(name)) throw new Problem(`${where} is reserved by Lambda. Give it another name.`);
    if (typeof value !== 'string' && !isIntrinsic(value)) {
      throw new Problem(`${where} is ${JSON.stringify(value)}, which is no string. Lambda takes strings only.`);
    }
  }
}

function isIntrinsic(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 1;
}

/** The variables as the template states them, intrinsics in place. */
function variablesOf(resource: Resource): JsonObject {
  const variables = member(resource.properties.Environment, 'Variables');
  return isObject(variables) ? variables : {};
}

/**
 * The whole environment of a function, and nothing of the host's: the template's variables resolved, what Lambda adds
 * for the SDK to find its role, region and services, and two paths that keep the SDK from reading the developer's own
 * `~/.aws`, which it looks for below the real home directory whatever the environment says.
 *
 * @throws Problem that names function and variable when a value does not resolve to text, or when all of them together
 * are more than Lambda's 4 KB
 */
export function environmentOf(
  { resource, name, memory, taskRoot }: DeployedFunction,
  resolver: Resolver,
  keys: SessionKeys,
  endpointUrl: string,
): Readonly<Record<string, string>> {
  return {
    TZ: ':UTC',
    ...resolveVariables(resource, resolver),
    AWS_REGION: String(resolver.resolve(resource.stack, { Ref: 'AWS::Region' })),
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_CONFIG_FILE: join(taskRoot, '.aws', 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(taskRoot, '.aws', 'credentials'),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    LAMBDA_TASK_ROOT: taskRoot,
  };
}

function resolveVariables(resource: Resource, resolver: Resolver): Readonly<Record<string, string>> {
  const entries = Object.entries(variablesOf(resource)).map(([name, value]) => {
    return [name, resolveVariable(resource, resolver, name, value)] as const;
  });
  const bytes = entries.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= LARGEST) return Object.fromEntries(entries);
  throw new Problem(
    `${resource.stack}/${resource.id}: its environment variables are ${bytes} bytes; Lambda takes ${LARGEST} at most.`,
  );
}

function resolveVariable(resource: Resource, resolver: Resolver, name: string, value: Json): string {
  const where = `${resource.stack}/${resource.id}: environment variable ${name}`;
  let literal: Json;
  try {
    literal = resolver.resolve(resource.stack, value);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(`${where}: ${error.message}`, { cause: error });
  }
  if (typeof literal === 'string') return literal;
  throw new Problem(`${where} resolves to ${JSON.stringify(literal)}, which is no string. Lambda takes strings only.`);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { member } from '../template/json.ts';
import type { Resolver } from '../template/resolver.ts';
import { refuseVariables } from './variables.ts';

/** One AWS::Lambda::Function of the template, as far as it can be known before custom resources have run. */
export type DeployedFunction = {
  readonly resource: Resource;
  readonly name: string;
  readonly arn: string;
  /** The asset directory: what Lambda unpacks to /var/task. */
  readonly taskRoot: string;
  /** `index.handler` as `['index', 'handler']`. */
  readonly handler: readonly [module: string, name: string];
  /** Milliseconds. */
  readonly timeout: number;
  /** Megabytes. */
  readonly memory: number;
  /** Requests at the same time, as reserved for the function; undefined when nothing is reserved. */
  readonly reservedConcurrency: number | undefined;
};

const Properties = z.object({
  Runtime: z.string().startsWith('nodejs'),
  Handler: z.string().regex(/^[^.]+\.[^.]+$/),
  Code: z.object({ S3Key: z.json() }),
  Timeout: z.int().min(1).max(900).default(3),
  MemorySize: z.int().min(128).default(128),
  ReservedConcurrentExecutions: z.int().min(0).optional(),
  PackageType: z.literal('Zip').optional(),
  Layers: z.array(z.never()).optional(),
});

/**
 * Every function of the assembly.
 *
 * @throws Problem when one of them asks for something the local cloud does not run (another runtime, a container image, a
 * layer), when its bundle is not there, or when its environment could never be deployed.
 */
export function readFunctions(assembly: Assembly, resolver: Resolver): readonly DeployedFunction[] {
  return assembly.ofType('AWS::Lambda::Function').map((resource) => readFunction(assembly, resolver, resource));
}

function readFunction(assembly: Assembly, resolver: Resolver, resource: Resource): DeployedFunction {
  const parsed = Properties.safeParse(resource.properties);
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Problem(`${resource.stack}/${resource.id}: the local cloud cannot run this function (${details}).`);
  }
  const properties = parsed.data;
  refuseVariables(resource);
  const [module = '', name = ''] = properties.Handler.split('.');
  const key = resolver.resolve(resource.stack, member(resource.properties.Code, 'S3Key') ?? null);
  const taskRoot = assembly.asset(resource.stack, String(key));
  if (!existsSync(join(taskRoot, `${module}.js`))) {
    throw new Problem(`${resource.stack}/${resource.id}: its bundle ${join(taskRoot, `${module}.js`)} is not there.`);
  }
  return {
    resource,
    name: resolver.ref(resource),
    arn: resolver.arn(resource),
    taskRoot,
    handler: [module, name],
    timeout: properties.Timeout * 1000,
    memory: properties.MemorySize,
    reservedConcurrency: properties.ReservedConcurrentExecutions,
  };
}

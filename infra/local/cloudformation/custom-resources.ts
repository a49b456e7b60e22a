import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../problem.ts';
import type { Outcome } from '../lambda/outcome.ts';
import type { State } from '../state.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { isObject, type Json, type JsonObject } from '../template/json.ts';
import type { Resolver } from '../template/resolver.ts';
import { inDependencyOrder } from './dependencies.ts';
import { requestFor } from './request.ts';
import { type CustomResourceResponse, openResponseUrl } from './response-url.ts';

/** A custom resource as it was last deployed, kept in the state document `deployed`. */
export type DeployedResource = {
  readonly physicalResourceId: string;
  readonly properties: JsonObject;
  readonly data: Readonly<Record<string, string>>;
};

export type CustomResources = {
  /** The data of a resource that has been deployed or found unchanged in this run; undefined before. */
  readonly customResourceData: (resource: Resource) => Record<string, string> | undefined;
  /**
   * Deploys every custom resource of the assembly, each after what it needs.
   *
   * @throws Problem with the resource's name and the reason, when one fails or does not answer
   */
  readonly deploy: (run: {
    readonly resolver: Resolver;
    readonly invoke: (functionArn: string, event: unknown) => Promise<Outcome>;
    readonly onDeploy?: (resource: Resource, requestType: 'Create' | 'Update') => void;
  }) => Promise<void>;
};

/** The state document, as far as it is about custom resources: by `stack/logical id`. */
type Document = { readonly customResources?: Readonly<Record<string, DeployedResource>> };

/** Milliseconds a resource has to answer. */
const LONGEST = 120_000;
/** Milliseconds for an answer that is on its way while the function has already returned. */
const GRACE = 1_000;

/**
 * The custom resources of an assembly, run as CloudFormation runs them: Create the first time, Update when the resolved
 * properties have changed since, nothing when they have not. A resource that has left the template is forgotten, not
 * deleted: the database of a local run is cleared by `--fresh`.
 */
export function createCustomResources({ assembly, state }: { assembly: Assembly; state: State }): CustomResources {
  const known = new Map<string, Readonly<Record<string, string>>>();
  const document = () => state.read<Document>('deployed') ?? {};
  return {
    customResourceData: (resource) => {
      const data = known.get(keyOf(resource));
      return data && { ...data };
    },
    deploy: async ({ resolver, invoke, onDeploy }) => {
      const order = inDependencyOrder(assembly);
      for (const resource of order) {
        const properties = propertiesOf(resource, resolver);
        const before = document().customResources?.[keyOf(resource)];
        const deployed = isDeepStrictEqual(before?.properties, properties) ? before : undefined;
        if (!deployed) onDeploy?.(resource, before ? 'Update' : 'Create');
        const after = deployed ?? (await run(resource, properties, before, resolver, invoke));
        // Kept after each one: what has run is not run again because a later one failed.
        const { customResources, ...others } = document();
        state.write('deployed', { ...others, customResources: { ...customResources, [keyOf(resource)]: after } });
        known.set(keyOf(resource), after.data);
      }
      const present = new Set(order.map(keyOf));
      const { customResources = {}, ...others } = document();
      const kept = Object.entries(customResources).filter(([key]) => present.has(key));
      state.write('deployed', { ...others, customResources: Object.fromEntries(kept) });
    },
  };
}

function keyOf({ stack, id }: Resource): string {
  return `${stack}/${id}`;
}

/** CloudFormation hands every number and truth value to a custom resource as text. */
function propertiesOf(resource: Resource, resolver: Resolver): JsonObject {
  const properties = stringified(resolver.resolve(resource.stack, resource.properties));
  return isObject(properties) ? properties : {};
}

function stringified(value: Json): Json {
  if (Array.isArray(value)) return value.map((each: Json) => stringified(each));
  if (!isObject(value)) return value === null ? null : String(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, stringified(each)]));
}

async function run(
  resource: Resource,
  properties: JsonObject,
  before: DeployedResource | undefined,
  resolver: Resolver,
  invoke: (functionArn: string, event: unknown) => Promise<Outcome>,
): Promise<DeployedResource> {
  const where = `${resource.stack}/${resource.id} (${resource.type})`;
  const responseUrl = await openResponseUrl();
  try {
    const stackId = String(resolver.resolve(resource.stack, { Ref: 'AWS::StackId' }));
    const request = requestFor(resource, properties, before, { responseUrl: responseUrl.url, stackId });
    const answer = await Promise.race([
      responseUrl.answer,
      endOfHope(invoke(String(properties.ServiceToken), request)),
      after(LONGEST, `it did not answer within ${LONGEST / 1000} s`),
    ]);
    requireFor(request, answer);
    if (answer.Status === 'FAILED') throw new Error(answer.Reason ?? 'it gave no reason');
    const physicalResourceId = answer.PhysicalResourceId ?? before?.physicalResourceId;
    if (!physicalResourceId) throw new Error('its answer has no PhysicalResourceId');
    return { physicalResourceId, properties, data: texts(answer.Data) };
  } catch (error) {
    throw new Problem(`${where} failed: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    responseUrl.close();
  }
}

/** Never a value: rejects when the function has failed, or has returned and its answer does not come. */
async function endOfHope(invocation: Promise<Outcome>): Promise<never> {
  const { error } = await invocation;
  if (error) throw new Error(`its function ended with ${error.errorType}: ${error.errorMessage}`);
  return after(GRACE, 'its function returned without an answer to ResponseURL');
}

function after(milliseconds: number, message: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(message)), milliseconds).unref();
  });
}

function requireFor(request: ReturnType<typeof requestFor>, answer: CustomResourceResponse): void {
  for (const name of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    if (answer[name] !== request[name]) throw new Error(`its answer is for another request (${name})`);
  }
}

function texts(data: Readonly<Record<string, Json>>): Record<string, string> {
  const entries = Object.entries(data).map(([name, value]) => {
    if (typeof value === 'object') throw new Error(`its Data.${name} is no text, so no attribute of the template`);
    return [name, String(value)] as const;
  });
  return Object.fromEntries(entries);
}

import type { Assembly, Resource, Stack } from './assembly.ts';
import { conditionHolds } from './conditions.ts';
import { parameterValue, ZONES } from './environment.ts';
import { IGNORED_TYPES } from './ignored-types.ts';
import { resolveIntrinsics, type Scope } from './intrinsics.ts';
import type { Json } from './json.ts';
import { defaultName, type Facts, MODELS, type Model, type Outside } from './modelled-types.ts';
import { physicalName } from './physical-id.ts';
import { notModelled, ownerOf, placeOf } from './refusal.ts';

export type { Outside } from './modelled-types.ts';

/** Answers what a template leaves open, as a deployment into the local account would. Every member throws a Problem. */
export type Resolver = {
  /** The value with every intrinsic function replaced, in the scope of one stack. */
  readonly resolve: (stack: string, value: Json) => Json;
  /** What `Ref` gives for the resource. */
  readonly ref: (resource: Resource) => string;
  readonly arn: (resource: Resource) => string;
  /** What `Fn::GetAtt` gives. */
  readonly attribute: (resource: Resource, name: string) => string;
};

/**
 * A resolver over an assembly.
 *
 * @throws Problem at once, when a resource's type is neither modelled nor knowingly ignored
 */
export function createResolver(assembly: Assembly, outside: Outside): Resolver {
  for (const resource of assembly.resources) modelOf(resource);
  const scopes = new Map(assembly.stacks.map((stack) => [stack.name, scopeOf(stack)]));

  function scopeOf(stack: Stack): Scope {
    return {
      ref: (name) => parameterValue(stack, name) ?? ref(assembly.find(stack.name, name)),
      attribute: (id, name) => attribute(assembly.find(stack.name, id), name),
      importValue: (exportName) => exported(stack, exportName),
      condition: (name) => conditionHolds(stack, name),
      zones: ZONES,
      refuse: (value, what) => notModelled(ownerOf(assembly, stack.name, value), what),
    };
  }

  function resolve(stack: string, value: Json): Json {
    const scope = scopes.get(stack);
    if (!scope) throw notModelled(stack, 'a value of a stack that the assembly does not have');
    return resolveIntrinsics(value, scope);
  }

  function exported(importer: Stack, exportName: string): Json {
    for (const { name, outputs } of assembly.stacks) {
      const outputsWithNames = Object.values(outputs).filter((output) => output.exportName !== undefined);
      const found = outputsWithNames.find((output) => resolve(name, output.exportName ?? null) === exportName);
      if (found) return resolve(name, found.value);
    }
    throw notModelled(importer.name, `it imports "${exportName}", which no stack of the assembly exports`);
  }

  function factsOf(resource: Resource, model: Model): Facts {
    const property = (name: string): string | undefined => {
      const value = resource.properties[name];
      return value === undefined ? undefined : String(resolve(resource.stack, value));
    };
    const given = model.named === undefined ? undefined : property(model.named);
    return { resource, name: given ?? defaultName(resource, model), property, outside };
  }

  function ref(resource: Resource): string {
    const model = modelOf(resource);
    if (model === undefined) return physicalName(resource, 128);
    const facts = factsOf(resource, model);
    return model.ref ? model.ref(facts) : facts.name;
  }

  function arn(resource: Resource): string {
    const model = modelOf(resource);
    if (!model?.arn) throw notModelled(placeOf(resource), 'it has no ARN here');
    return model.arn(factsOf(resource, model));
  }

  function attribute(resource: Resource, name: string): string {
    if (isCustom(resource)) {
      const value = outside.customResourceData(resource)?.[name];
      if (value === undefined)
        throw notModelled(placeOf(resource), `its attribute ${name} before the resource has run`);
      return value;
    }
    const model = modelOf(resource);
    const fact = model?.attributes && Object.hasOwn(model.attributes, name) ? model.attributes[name] : undefined;
    if (!model || !fact) throw notModelled(placeOf(resource), `its attribute ${name}`);
    return fact(factsOf(resource, model));
  }

  return { resolve, ref, arn, attribute };
}

/** The model of a resource; undefined for one that is knowingly ignored, or custom. */
function modelOf(resource: Resource): Model | undefined {
  const model = MODELS.get(resource.type);
  if (!model && !IGNORED_TYPES.has(resource.type) && !isCustom(resource)) {
    throw notModelled(placeOf(resource), `the resource type ${resource.type}`);
  }
  return model;
}

function isCustom(resource: Resource): boolean {
  return resource.type.startsWith('Custom::') || resource.type === 'AWS::CloudFormation::CustomResource';
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Problem } from '../../problem.ts';
import { conditionHolds } from './conditions.ts';
import { isObject, type Json, type JsonObject, listOf, member } from './json.ts';
import { type GivenParameters, refuseUnknown, withGiven } from './parameters.ts';

/** One resource of a stack, as its template states it: intrinsics are still in place. */
export type Resource = {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
  readonly dependsOn: readonly string[];
};

type Output = { readonly value: Json; readonly exportName: Json | undefined };

export type Stack = {
  readonly name: string;
  readonly parameters: JsonObject;
  readonly conditions: JsonObject;
  readonly outputs: Readonly<Record<string, Output>>;
};

/** A synthesized CDK app: every stack's template, and where the assets it names lie. */
export type Assembly = {
  readonly directory: string;
  readonly stacks: readonly Stack[];
  /** Every resource of every stack, but those whose condition does not hold. */
  readonly resources: readonly Resource[];
  readonly ofType: (type: string) => readonly Resource[];
  /** @throws Problem when the stack has no such resource. */
  readonly find: (stack: string, id: string) => Resource;
  /** The absolute directory of the asset that a stack publishes under this S3 key. @throws Problem when it has none. */
  readonly asset: (stack: string, s3Key: string) => string;
  /** @throws Problem when the assembly has no such stack. */
  readonly outputs: (stack: string) => Readonly<Record<string, Output>>;
};

type LoadedStack = { readonly stack: Stack; readonly resources: readonly Resource[]; readonly assets: Assets };
type Assets = ReadonlyMap<string, string>;

/**
 * Reads a cloud assembly: `manifest.json`, the template of each stack, and its asset manifest.
 *
 * @param directory the output of `cdk synth`, or of the app itself with CDK_OUTDIR
 * @param given values of parameters, in place of their defaults
 * @throws Problem when the directory holds no assembly, when a template is not the one its asset manifest was made for,
 *   when it says something at the top level that the local cloud does not model, or when a value is given that a
 *   parameter does not take
 */
export function loadAssembly(directory: string, given: GivenParameters = {}): Assembly {
  const manifest = readJson(join(directory, 'manifest.json'));
  const artifacts = Object.entries(member(manifest, 'artifacts') ?? {}) as [string, Json][];
  const nested = artifacts.find(([, artifact]) => member(artifact, 'type') === 'cdk:cloud-assembly');
  if (nested)
    throw new Problem(`${directory}: holds the nested assembly "${nested[0]}". Load that one's own directory.`);
  const stacks = artifacts
    .filter(([, artifact]) => member(artifact, 'type') === 'aws:cloudformation:stack')
    .map(([id, artifact]) => loadStack(directory, id, member(artifact, 'properties'), given));
  if (stacks.length === 0) throw new Problem(`${directory}/manifest.json names no stack. Synthesize the app first.`);
  refuseUnknown(
    stacks.map(({ stack }) => stack),
    given,
  );
  return assemble(resolve(directory), stacks);
}

function assemble(directory: string, loaded: readonly LoadedStack[]): Assembly {
  const resources = loaded.flatMap((each) => each.resources);
  const named = (name: string): LoadedStack => {
    const found = loaded.find(({ stack }) => stack.name === name);
    if (!found) throw new Problem(`${directory}: there is no stack "${name}".`);
    return found;
  };
  return {
    directory,
    stacks: loaded.map(({ stack }) => stack),
    resources,
    ofType: (type) => resources.filter((resource) => resource.type === type),
    find: (stack, id) => {
      const found = named(stack).resources.find((resource) => resource.id === id);
      if (!found) throw new Problem(`${stack}: the template refers to "${id}", which it does not have.`);
      return found;
    },
    asset: (stack, s3Key) => {
      const path = named(stack).assets.get(s3Key);
      if (!path || !existsSync(path)) throw new Problem(`${stack}: the asset "${s3Key}" is not in ${directory}.`);
      return path;
    },
    outputs: (stack) => named(stack).stack.outputs,
  };
}

/** What a template may say at its top level. `Rules` only guards a deployment (CDK's bootstrap version check). */
const SECTIONS = new Set(
  'AWSTemplateFormatVersion Description Metadata Parameters Conditions Resources Outputs Rules'.split(' '),
);

function loadStack(
  directory: string,
  artifactId: string,
  properties: Json | undefined,
  given: GivenParameters,
): LoadedStack {
  const file = String(member(properties, 'templateFile'));
  const template = readJson(join(directory, file));
  const name = String(member(properties, 'stackName') ?? artifactId);
  const unknown = Object.keys(template).find((section) => !SECTIONS.has(section));
  if (unknown) throw new Problem(`${file}: has a section "${unknown}", which the local cloud does not model.`);
  const stack: Stack = {
    name,
    parameters: withGiven(name, (member(template, 'Parameters') ?? {}) as JsonObject, given),
    conditions: (member(template, 'Conditions') ?? {}) as JsonObject,
    outputs: outputsOf(member(template, 'Outputs') ?? {}),
  };
  const resources = Object.entries(member(template, 'Resources') ?? {}).flatMap(([id, body]: [string, Json]) => {
    const condition = member(body, 'Condition');
    if (typeof condition === 'string' && !conditionHolds(stack, condition)) return [];
    return [resourceOf(name, id, body)];
  });
  return { stack, resources, assets: assetsOf(directory, file) };
}

function resourceOf(stack: string, id: string, body: Json): Resource {
  return {
    stack,
    id,
    type: String(member(body, 'Type')),
    properties: (member(body, 'Properties') ?? {}) as JsonObject,
    dependsOn: listOf(member(body, 'DependsOn')).map(String),
  };
}

function outputsOf(outputs: Json): Record<string, Output> {
  const entries = Object.entries(outputs as JsonObject).map(([id, output]) => {
    const exportName = member(member(output, 'Export'), 'Name');
    return [id, { value: member(output, 'Value') ?? null, exportName }] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * S3 key -> absolute path, from `<stack>.assets.json`. The template is an asset of its own stack whose name is the hash
 * of its content: a template that was changed after synthesis is not the one that would be deployed, and is refused.
 */
function assetsOf(directory: string, templateFile: string): Assets {
  const file = templateFile.replace(/\.template\.json$/, '.assets.json');
  const assets = new Map<string, string>();
  if (!existsSync(join(directory, file))) return assets;
  const files = member(readJson(join(directory, file)), 'files');
  for (const [hash, asset] of Object.entries((files ?? {}) as JsonObject)) {
    const path = member(member(asset, 'source'), 'path');
    if (typeof path !== 'string') continue;
    if (path === templateFile) requireContent(join(directory, path), hash);
    for (const destination of Object.values((member(asset, 'destinations') ?? {}) as JsonObject)) {
      assets.set(String(member(destination, 'objectKey')), resolve(directory, path));
    }
  }
  return assets;
}

function requireContent(path: string, hash: string): void {
  if (createHash('sha256').update(readFileSync(path)).digest('hex') === hash) return;
  throw new Problem(`${path} was changed after synthesis. Synthesize the app again.`);
}

function readJson(path: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Problem(`${path} cannot be read. Synthesize the app first.`, { cause });
  }
  const value = JSON.parse(text) as Json;
  if (!isObject(value)) throw new Problem(`${path} holds no JSON object.`);
  return value;
}

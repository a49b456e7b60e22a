import { fileURLToPath } from 'node:url';
import type { Assembly, Resource } from '../../../infra/local/template/assembly.ts';
import type { Json, JsonObject } from '../../../infra/local/template/json.ts';
import { createResolver, type Outside, type Resolver } from '../../../infra/local/template/resolver.ts';

/** The one stack of the templates that tests write by hand. */
export const STACK = 'Hand';

export type Template = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: JsonObject; readonly DependsOn?: readonly string[] }>
>;

/** An assembly of one stack whose template is written by hand. Assets are the directories beside this file, by name. */
export function assemblyOf(template: Template, assets: Readonly<Record<string, string>> = {}): Assembly {
  const resources: readonly Resource[] = Object.entries(template).map(([id, resource]) => ({
    stack: STACK,
    id,
    type: resource.Type,
    properties: resource.Properties ?? {},
    dependsOn: resource.DependsOn ?? [],
  }));
  return {
    directory: fixture(''),
    stacks: [{ name: STACK, parameters: {}, conditions: {}, outputs: {} }],
    resources,
    ofType: (type) => resources.filter((resource) => resource.type === type),
    find: (_, id) => {
      const found = resources.find((resource) => resource.id === id);
      if (!found) throw new Error(`no resource ${id}`);
      return found;
    },
    asset: (_, key) => assets[key] ?? fixture(key),
    outputs: () => ({}),
  };
}

export function resolverOf(assembly: Assembly, outside: Partial<Outside> = {}): Resolver {
  return createResolver(assembly, {
    issuer: 'http://localhost:3000',
    identityProviderUrl: 'http://localhost:3001',
    identityClient: { id: 'client', secret: 'client-secret' },
    customResourceData: () => undefined,
    ...outside,
  });
}

/** An AWS::Lambda::Function whose bundle is the fixture of this name. */
export function lambdaFunction(
  bundle: string,
  variables: JsonObject = {},
  properties: JsonObject = {},
): { readonly Type: string; readonly Properties: JsonObject } {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { S3Bucket: 'assets', S3Key: bundle },
      Role: getAtt('Role', 'Arn'),
      MemorySize: 256,
      Environment: { Variables: variables },
      ...properties,
    },
  };
}

export function ref(id: string): JsonObject {
  return { Ref: id };
}

export function getAtt(id: string, attribute: string): JsonObject {
  return { 'Fn::GetAtt': [id, attribute] };
}

export function join(...parts: readonly Json[]): JsonObject {
  return { 'Fn::Join': ['', parts] };
}

/** Keys that name the function they are for. */
export const credentials = {
  forFunction: ({ id }: Resource) => ({
    accessKeyId: `ASIA-${id}`,
    secretAccessKey: `secret of ${id}`,
    sessionToken: `token of ${id}`,
  }),
};

export function fixture(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}

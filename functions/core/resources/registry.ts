import * as z from 'zod';
import { digestMeta } from '../tools/answer.ts';
import type { Offered } from '../tools/audited.ts';
import { describedProblems, registered, schemaProblems } from '../tools/definition.ts';
import { type Definition, digestOf } from '../tools/digest.ts';
import { inputSchemaOf, resultSchemaOf } from '../tools/schema.ts';
import type { Resource } from './define.ts';
import { parseUriTemplate, type UriTemplate } from './uri-template.ts';

export type RegisteredResource = Resource & Offered & { readonly template: UriTemplate };

export type ResourceRegistry = {
  /** Sorted by name. */
  readonly resources: readonly RegisteredResource[];
  /** The resource a URI names, with the values in it. One URI names at most one: those without variables come first. */
  readonly find: (
    uri: string,
  ) => { readonly resource: RegisteredResource; readonly values: Readonly<Record<string, string>> } | undefined;
};

const FIELDS = ['name', 'title', 'description', 'uri', 'scopes', 'parameters', 'output', 'read'];

/**
 * Checks every resource and gives the set a server serves.
 *
 * @param resources the list in `functions/tools/index.ts`
 * @param catalogue the scopes that cdk.json declares
 * @throws Error naming every problem as `functions/tools/x.ts: what is wrong. What to do.`
 */
export function createResources(resources: readonly Resource[], catalogue: Iterable<string>): ResourceRegistry {
  const rules = { kind: 'resource', fields: FIELDS, catalogue: new Set(catalogue) } as const;
  const problemsOf = (resource: Resource) => {
    const twin = resources.find((other) => other !== resource && other.uri === resource.uri);
    const duplicate = twin ? [`uri ${resource.uri} is that of "${twin.name}" too. Give each its own.`] : [];
    return [...describedProblems(rules, resource), ...resourceProblems(resource), ...duplicate];
  };
  const list = registered('resource', resources, problemsOf, register);
  const inOrder = [...list].sort(
    (a, b) => Number(a.template.variables.length > 0) - Number(b.template.variables.length > 0),
  );
  return {
    resources: list,
    find: (uri) => {
      for (const resource of inOrder) {
        const values = resource.template.match(uri);
        if (values) return { resource, values };
      }
      return undefined;
    },
  };
}

function resourceProblems({ title, description, uri, parameters, output, read }: Resource): readonly string[] {
  const problems: string[] = [];
  if (typeof read !== 'function') problems.push('read is missing. Add an async read(parameters, context).');
  const template = typeof uri === 'string' ? parseUriTemplate(uri) : 'is missing';
  if (typeof template === 'string') problems.push(`uri ${template}.`);
  if (!(parameters instanceof z.ZodObject)) return [...problems, 'parameters must be z.strictObject({ ... }).'];
  if (typeof template !== 'string' && !sameNames(template.variables, Object.keys(parameters.shape))) {
    problems.push(
      `parameters must be the variables of the uri, each once: ${template.variables.join(', ') || 'none'}.`,
    );
  }
  return [...problems, ...schemaProblems('parameters', parameters, output, [title, description])];
}

function sameNames(variables: readonly string[], fields: readonly string[]): boolean {
  return variables.length === fields.length && variables.every((name) => fields.includes(name));
}

function register(resource: Resource): RegisteredResource {
  const template = parseUriTemplate(resource.uri);
  if (typeof template === 'string') throw new Error(`${resource.name}: uri ${template}`);
  const digest = digestOf(resourceDefinition(resource));
  return Object.freeze({ ...resource, access: 'read' as const, template, digest });
}

/** A resource without its code: every text a model or a reviewer reads, the schemas, and what it needs. */
export function resourceDefinition({
  name,
  title,
  description,
  uri,
  scopes,
  parameters,
  output,
}: Resource): Definition {
  const [schema, resultSchema] = [inputSchemaOf(parameters), resultSchemaOf(output)];
  return { name, title, description, uri, scopes, parameters: schema, resultSchema };
}

/** What is read leaves as the fence's text, whatever the rows behind it were. */
export const MIME_TYPE = 'text/plain';

/** A resource as resources/list names it, or resources/templates/list with `uriTemplate` in place of `uri`. */
export function advertisedResource(resource: RegisteredResource) {
  const { name, title, description } = resource;
  return { name, title, description, mimeType: MIME_TYPE, _meta: digestMeta(resource) };
}

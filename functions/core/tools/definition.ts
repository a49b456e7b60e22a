import * as z from 'zod';
import { fileOf } from './problems.ts';
import { inputSchemaOf, resultSchemaOf } from './schema.ts';
import { mentions } from './trusted.ts';

/**
 * What resources and prompts have in common with tools: a constant text that a model reads as ours, and scopes of the
 * catalogue. Tools have checks of their own, for more fields.
 */
type Described = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly string[];
};

/** Short enough that `resource:<name>` names a source of the fence and stands whole in an audit row. */
const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const PRINTABLE = /^[\n\x20-\x7e]*$/;

/** Everything that is wrong with the fields that all definitions share, each with its fix. */
export function describedProblems(
  { kind, fields, catalogue }: DefinitionRules,
  definition: Described,
): readonly string[] {
  const problems: string[] = [];
  for (const key of Object.keys(definition)) {
    if (!fields.includes(key))
      problems.push(`"${key}" is not a field of a ${kind}. The fields are ${fields.join(', ')}.`);
  }
  if (typeof definition.name !== 'string' || !NAME.test(definition.name)) {
    problems.push(`name ${JSON.stringify(definition.name)} must be snake_case: a-z, 0-9 and _, at most 48 characters.`);
  }
  for (const field of ['title', 'description'] as const) {
    if (typeof definition[field] !== 'string' || definition[field].trim() === '') {
      problems.push(`${field} is missing. Write what the ${field === 'title' ? 'user sees' : 'model needs to know'}.`);
    }
  }
  if (!Array.isArray(definition.scopes)) problems.push('scopes is missing. Name the scopes it needs; [] for no rows.');
  for (const scope of Array.isArray(definition.scopes) ? definition.scopes : []) {
    if (catalogue.has(scope)) continue;
    problems.push(
      `scope "${scope}" is not in the catalogue (${[...catalogue].join(', ')}). Add it to "scopes" in cdk.json, or use one of these.`,
    );
  }
  return problems;
}

export type DefinitionRules = {
  readonly kind: 'resource' | 'prompt';
  readonly fields: readonly string[];
  readonly catalogue: ReadonlySet<string>;
};

/** What is wrong with the schemas of a definition, and with its texts, which a model reads together with them. */
export function schemaProblems(
  field: 'input' | 'parameters',
  input: z.ZodObject,
  output: z.ZodType,
  texts: readonly string[],
): readonly string[] {
  const problems: string[] = [];
  try {
    const schema = inputSchemaOf(input);
    if (schema.additionalProperties !== false) problems.push(`${field} must be z.strictObject({ ... }).`);
    if (!isPrintable([...texts, schema, resultSchemaOf(output)])) {
      problems.push('texts and schemas must be printable ASCII. Replace what is not.');
    }
    if (mentions(output) > 0) problems.push('trusted(...) is for tools. What a resource or a prompt gives is data.');
  } catch (error) {
    problems.push(`${field} and output must be JSON (${error instanceof Error ? error.message : 'unknown'}).`);
  }
  if (!(output instanceof z.ZodObject || (output instanceof z.ZodArray && output.element instanceof z.ZodObject))) {
    problems.push('output must be z.object({ ... }) or z.array(z.object({ ... })).');
  }
  return problems;
}

/** Read by a model as ours: no look-alike letter, no invisible character, nothing that could hide there. */
function isPrintable(value: unknown): boolean {
  if (typeof value === 'string') return PRINTABLE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => PRINTABLE.test(key) && isPrintable(member));
}

/**
 * Checks a whole list and registers it, sorted by name.
 * @throws Error naming every problem as `functions/tools/x.ts: what is wrong. What to do.`
 */
export function registered<D extends Described, R extends { readonly name: string }>(
  kind: 'resource' | 'prompt',
  definitions: readonly D[],
  problemsOf: (definition: D) => readonly string[],
  register: (definition: D) => R,
): readonly R[] {
  const problems = definitions.flatMap((definition, index) => {
    const named = typeof definition?.name === 'string';
    const place = named ? fileOf(definition.name) : `functions/tools/index.ts, ${kind} ${index + 1}`;
    const twice = named && definitions.findIndex(({ name }) => name === definition.name) < index;
    const duplicate = twice ? [`another ${kind} is called "${definition.name}" too. Give each its own name.`] : [];
    return [...problemsOf(definition), ...duplicate].map((problem) => `${place}: ${problem}`);
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return Object.freeze(definitions.map(register).sort((a, b) => (a.name < b.name ? -1 : 1)));
}

import * as z from 'zod';
import type { Tool } from './define.ts';
import { inputSchemaOf, resultSchemaOf } from './schema.ts';

const FIELDS = new Set([
  'name',
  'title',
  'description',
  'access',
  'scopes',
  'approval',
  'input',
  'output',
  'examples',
  'run',
]);
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const PRINTABLE = /^[\n\x20-\x7e]*$/;

/** Where a tool of this name lives. */
export function fileOf(name: string): string {
  return `functions/tools/${name.replaceAll('_', '-')}.ts`;
}

/** Everything that is wrong with one definition, each with its fix. The caller says which file it is. */
export function problemsOf(tool: Tool, catalogue: ReadonlySet<string>): readonly string[] {
  return [...textProblems(tool), ...accessProblems(tool, catalogue), ...schemaProblems(tool)];
}

function textProblems(tool: Tool): readonly string[] {
  const problems: string[] = [];
  for (const key of Object.keys(tool)) {
    if (!FIELDS.has(key)) problems.push(`"${key}" is not a field of a tool. The fields are ${[...FIELDS].join(', ')}.`);
  }
  if (typeof tool.name !== 'string' || !NAME.test(tool.name)) {
    problems.push(`name ${JSON.stringify(tool.name)} must be snake_case: a-z, 0-9 and _, at most 64 characters.`);
  }
  for (const field of ['title', 'description'] as const) {
    if (typeof tool[field] !== 'string' || tool[field].trim() === '') {
      problems.push(`${field} is missing. Write what the ${field === 'title' ? 'user sees' : 'model needs to know'}.`);
    }
  }
  if (typeof tool.run !== 'function') problems.push('run is missing. Add an async run(input, context).');
  return problems;
}

function accessProblems(tool: Tool, catalogue: ReadonlySet<string>): readonly string[] {
  const problems: string[] = [];
  if (tool.access !== 'read' && tool.access !== 'write') {
    problems.push(`access ${JSON.stringify(tool.access)} must be 'read' or 'write'.`);
  }
  const scopes = Array.isArray(tool.scopes) ? tool.scopes : undefined;
  if (!scopes) problems.push('scopes is missing. Name the scopes a call needs; [] for a tool that reads no rows.');
  for (const scope of scopes ?? []) {
    if (catalogue.has(scope)) continue;
    problems.push(
      `scope "${scope}" is not in the catalogue (${[...catalogue].join(', ')}). Add it to "scopes" in cdk.json, or use one of these.`,
    );
  }
  if (tool.access === 'write' && scopes?.length === 0) {
    problems.push('a write tool needs at least one scope. Name the one a person must consent to.');
  }
  if (tool.approval !== undefined && tool.approval !== 'required') {
    problems.push(`approval ${JSON.stringify(tool.approval)} must be 'required' or absent.`);
  }
  if (tool.approval !== undefined && tool.access !== 'write') {
    problems.push('only a write tool can ask for approval. Remove approval, or make access write.');
  }
  return problems;
}

function schemaProblems(tool: Tool): readonly string[] {
  const problems: string[] = [];
  if (!(tool.input instanceof z.ZodObject)) problems.push('input must be an object schema: z.strictObject({ ... }).');
  if (!isOutput(tool.output)) problems.push('output must be z.object({ ... }) or z.array(z.object({ ... })).');
  if (problems.length > 0) return problems;
  try {
    const input = inputSchemaOf(tool.input, tool.examples);
    if (input.additionalProperties !== false) problems.push('input must be z.strictObject({ ... }).');
    if (!isPrintable([tool.title, tool.description, input, resultSchemaOf(tool.output)])) {
      problems.push('title, description, schemas and examples must be printable ASCII. Replace what is not.');
    }
  } catch (error) {
    problems.push(`input and output must be JSON (${error instanceof Error ? error.message : 'unknown'}).`);
  }
  for (const example of tool.examples ?? []) {
    const parsed = tool.input.safeParse(example);
    if (!parsed.success) problems.push(`an example does not fit input: ${z.prettifyError(parsed.error)}`);
  }
  return problems;
}

function isOutput(schema: unknown): boolean {
  return schema instanceof z.ZodObject || (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject);
}

/** Definitions are read by a model as ours: no look-alike letter, no invisible character, nothing that could hide there. */
function isPrintable(value: unknown): boolean {
  if (typeof value === 'string') return PRINTABLE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => PRINTABLE.test(key) && isPrintable(member));
}

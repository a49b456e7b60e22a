import * as z from 'zod';
import type { Tool } from './define.ts';
import { inputSchemaOf, resultSchemaOf } from './schema.ts';
import { trustedProblems } from './trusted.ts';

const FIELDS = new Set([
  'name',
  'title',
  'description',
  'access',
  'scopes',
  'approval',
  'database',
  'input',
  'output',
  'examples',
  'run',
]);
/** Short enough that `tool:<name>` names a source of the fence, and like the names of resources and prompts. */
const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const PRINTABLE = /^[\n\x20-\x7e]*$/;

/** Where a tool of this name lives. */
export function fileOf(name: string): string {
  return `functions/tools/${name.replaceAll('_', '-')}.ts`;
}

/** Everything that is wrong with one definition, each with its fix. The caller says which file it is. */
export function problemsOf(tool: Tool, catalogue: ReadonlySet<string>): readonly string[] {
  if (typeof tool !== 'object' || tool === null) {
    return ['this is no tool. Export one as the default of its file: export default defineTool({ ... }).'];
  }
  return [...textProblems(tool), ...accessProblems(tool, catalogue), ...schemaProblems(tool)];
}

function textProblems(tool: Tool): readonly string[] {
  const problems: string[] = [];
  for (const key of Object.keys(tool)) {
    if (!FIELDS.has(key)) problems.push(`"${key}" is not a field of a tool. The fields are ${[...FIELDS].join(', ')}.`);
  }
  if (typeof tool.name !== 'string' || !NAME.test(tool.name)) {
    problems.push(`name ${JSON.stringify(tool.name)} must be snake_case: a-z, 0-9 and _, at most 48 characters.`);
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
    const what = tool.access === undefined ? 'access is missing' : `access is ${JSON.stringify(tool.access)}`;
    problems.push(`${what}. Write access: 'read', or access: 'write' for a tool that changes rows.`);
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
  if (tool.database !== undefined && tool.database !== 'none') {
    problems.push(`database ${JSON.stringify(tool.database)} must be 'none' or absent.`);
  }
  if (tool.database !== undefined && tool.access !== 'read') {
    problems.push('a write tool is a transaction of the database. Remove database, or make access read.');
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
    const { title, description } = tool;
    const unprintable = firstUnprintable({ title, description, input, output: resultSchemaOf(tool.output) });
    if (unprintable !== undefined) problems.push(`${unprintable}, which is not printable ASCII. Replace it.`);
    problems.push(...trustedProblems(tool.output));
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

/**
 * Definitions are read by a model as ours: no look-alike letter, no invisible character, nothing that could hide there.
 * The character is told by its code point: printed, it could do to the terminal what it was meant to do to the model.
 */
function firstUnprintable(value: unknown, path = ''): string | undefined {
  if (typeof value === 'string') {
    const found = Array.from(value).find((character) => !PRINTABLE.test(character));
    const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    return code === undefined ? undefined : `${path} has the character U+${code}`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const found =
      firstUnprintable(key, `the name of a field in ${path}`) ??
      firstUnprintable(member, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

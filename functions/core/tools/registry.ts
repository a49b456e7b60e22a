import { type Annotations, annotationsOf } from './annotations.ts';
import type { Tool } from './define.ts';
import { digestOf } from './digest.ts';
import { fileOf, problemsOf } from './problems.ts';
import { inputSchemaOf, type JsonSchema, resultSchemaOf } from './schema.ts';

export type RegisteredTool = Tool & {
  readonly inputSchema: JsonSchema;
  readonly annotations: Annotations;
  /** Hex SHA-256 of the whole definition but its code. */
  readonly digest: string;
};

export type Registry = {
  /** Sorted by name. */
  readonly tools: readonly RegisteredTool[];
  readonly find: (name: string) => RegisteredTool | undefined;
};

/**
 * Checks every tool and gives the set a server serves. Schemas, annotations and digests are computed here, once.
 *
 * @param tools the list in `functions/tools/index.ts`
 * @param catalogue the scopes that cdk.json declares
 * @throws Error naming every problem as `functions/tools/x.ts: what is wrong. What to do.`
 */
export function createRegistry(tools: readonly Tool[], catalogue: Iterable<string>): Registry {
  const known = new Set(catalogue);
  const problems = tools.flatMap((tool, index) => {
    const place = typeof tool?.name === 'string' ? fileOf(tool.name) : `functions/tools/index.ts, tool ${index + 1}`;
    return problemsOf(tool, known).map((problem) => `${place}: ${problem}`);
  });
  for (const [index, tool] of tools.entries()) {
    if (tools.findIndex((other) => other.name === tool.name) === index) continue;
    problems.push(`${fileOf(tool.name)}: another tool is called "${tool.name}" too. Give each its own name.`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const registered = tools.map(register).sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(registered.map((tool) => [tool.name, tool]));
  return { tools: Object.freeze(registered), find: (name) => byName.get(name) };
}

function register(tool: Tool): RegisteredTool {
  const inputSchema = inputSchemaOf(tool.input, tool.examples);
  const annotations = annotationsOf(tool);
  const { name, title, description, access, scopes, approval } = tool;
  const resultSchema = resultSchemaOf(tool.output);
  const definition = { name, title, description, access, scopes, inputSchema, resultSchema, annotations };
  const digest = digestOf(approval ? { ...definition, approval } : definition);
  return Object.freeze({ ...tool, inputSchema, annotations, digest });
}

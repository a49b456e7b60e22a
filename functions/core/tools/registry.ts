import { type Annotations, annotationsOf } from './annotations.ts';
import type { Tool } from './define.ts';
import { definitionOf, digestOf } from './digest.ts';
import { fileOf, problemsOf } from './problems.ts';
import { inputSchemaOf, type JsonSchema } from './schema.ts';

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
 * @param placeOf where a tool is written, for who knows better than its name does
 * @throws Error naming every problem as `functions/tools/x.ts: what is wrong. What to do.`
 */
export function createRegistry(
  tools: readonly Tool[],
  catalogue: Iterable<string>,
  placeOf: (tool: Tool) => string | undefined = () => undefined,
): Registry {
  const known = new Set(catalogue);
  const places = tools.map((tool, index) => {
    const named = typeof tool?.name === 'string' ? fileOf(tool.name) : undefined;
    return placeOf(tool) ?? named ?? `functions/tools/index.ts, tool ${index + 1}`;
  });
  const problems = tools.flatMap((tool, index) =>
    problemsOf(tool, known).map((problem) => `${places[index]}: ${problem}`),
  );
  for (const [index, tool] of tools.entries()) {
    const first = tools.findIndex((other) => other?.name === tool?.name);
    if (first === index || tool?.name === undefined) continue;
    const other = places[first] === places[index] ? 'another tool' : `the tool of ${places[first]}`;
    problems.push(`${places[index]}: ${other} is called "${tool.name}" too. Give each its own name.`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const registered = tools.map(register).sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(registered.map((tool) => [tool.name, tool]));
  return { tools: Object.freeze(registered), find: (name) => byName.get(name) };
}

function register(tool: Tool): RegisteredTool {
  const inputSchema = inputSchemaOf(tool.input, tool.examples);
  return Object.freeze({
    ...tool,
    inputSchema,
    annotations: annotationsOf(tool),
    digest: digestOf(definitionOf(tool)),
  });
}

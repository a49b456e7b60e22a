import * as z from 'zod';
import { digestMeta } from '../tools/answer.ts';
import type { Offered } from '../tools/audited.ts';
import { describedProblems, registered, schemaProblems } from '../tools/definition.ts';
import { type Definition, digestOf } from '../tools/digest.ts';
import { inputSchemaOf, resultSchemaOf } from '../tools/schema.ts';
import type { Prompt } from './define.ts';

/** An argument as prompts/list names it. */
export type PromptArgument = { readonly name: string; readonly description?: string; readonly required: boolean };

export type RegisteredPrompt = Prompt & Offered & { readonly arguments: readonly PromptArgument[] };

export type PromptRegistry = {
  /** Sorted by name. */
  readonly prompts: readonly RegisteredPrompt[];
  readonly find: (name: string) => RegisteredPrompt | undefined;
};

const FIELDS = ['name', 'title', 'description', 'scopes', 'input', 'text', 'output', 'run'];

/**
 * Checks every prompt and gives the set a server serves.
 *
 * @param prompts the list in `functions/tools/index.ts`
 * @param catalogue the scopes that cdk.json declares
 * @throws Error naming every problem as `functions/tools/x.ts: what is wrong. What to do.`
 */
export function createPrompts(prompts: readonly Prompt[], catalogue: Iterable<string>): PromptRegistry {
  const rules = { kind: 'prompt', fields: FIELDS, catalogue: new Set(catalogue) } as const;
  const problemsOf = (prompt: Prompt) => [...describedProblems(rules, prompt), ...promptProblems(prompt)];
  const list = registered('prompt', prompts, problemsOf, register);
  const byName = new Map(list.map((prompt) => [prompt.name, prompt]));
  return { prompts: list, find: (name) => byName.get(name) };
}

function promptProblems({ title, description, text, input, output, run }: Prompt): readonly string[] {
  const problems: string[] = [];
  if (typeof run !== 'function') problems.push('run is missing. Add an async run(input, context).');
  if (typeof text !== 'string' || text.trim() === '') problems.push('text is missing. Write what the model is asked.');
  if (!(input instanceof z.ZodObject)) return [...problems, 'input must be z.strictObject({ ... }).'];
  const broken = schemaProblems('input', input, output, [title, description, text]);
  if (broken.length > 0) return [...problems, ...broken];
  for (const [name, field] of fieldsOf(inputSchemaOf(input))) {
    if (field.type !== 'string') problems.push(`argument "${name}" must be a string: MCP sends nothing else.`);
  }
  return problems;
}

type Field = { readonly type?: unknown; readonly description?: unknown };

function fieldsOf(schema: { readonly [keyword: string]: unknown }): [string, Field][] {
  return Object.entries((schema.properties ?? {}) as Readonly<Record<string, Field>>);
}

function register(prompt: Prompt): RegisteredPrompt {
  const input = inputSchemaOf(prompt.input);
  const required = Array.isArray(input.required) ? input.required : [];
  const named = fieldsOf(input).map(([field, { description: about }]) => ({
    name: field,
    ...(typeof about === 'string' && { description: about }),
    required: required.includes(field),
  }));
  const digest = digestOf(promptDefinition(prompt));
  return Object.freeze({ ...prompt, access: 'read' as const, arguments: named, digest });
}

/** A prompt without its code: every text a model or a reviewer reads, the schemas, and what it needs. */
export function promptDefinition(prompt: Prompt): Definition {
  const { name, title, description, scopes, text } = prompt;
  const input = inputSchemaOf(prompt.input);
  return { name, title, description, scopes, text, input, resultSchema: resultSchemaOf(prompt.output) };
}

/** A prompt as prompts/list names it. */
export function advertisedPrompt(prompt: RegisteredPrompt) {
  const { name, title, description } = prompt;
  return { name, title, description, arguments: prompt.arguments, _meta: digestMeta(prompt) };
}

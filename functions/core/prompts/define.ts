import type * as z from 'zod';
import type { ReadContext } from '../tools/context.ts';
import type { OutputSchema, Returned } from '../tools/define.ts';

/**
 * A prompt as its author writes it: a constant text that asks for something, and the data it is asked about. The text never
 * changes, so no argument and no row can stand in it; what varies follows behind a fence.
 */
export type PromptDefinition<I extends z.ZodObject, O extends OutputSchema> = {
  /** `snake_case`, and the file's name. */
  readonly name: string;
  /** What people see. */
  readonly title: string;
  readonly description: string;
  /** Every one of them is needed. Names of the scope catalogue in cdk.json. */
  readonly scopes: readonly string[];
  /** `z.strictObject` of strings, the only type MCP gives to a prompt's arguments. */
  readonly input: I;
  /** What the model is asked, in the user's name. */
  readonly text: string;
  /** What leaves of the data, as for a tool. */
  readonly output: O;
  /** Returns the data the text is about. */
  readonly run: (input: z.output<I>, context: ReadContext) => Promise<Returned<z.input<O>>>;
};

/** Any prompt. `run` cannot be called by accident. */
export type Prompt = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly string[];
  readonly input: z.ZodObject;
  readonly text: string;
  readonly output: OutputSchema;
  readonly run: (input: never, context: never) => Promise<unknown>;
};

/** Defines a prompt. What a type cannot say is found when the registry is built, with the file's name and the fix. */
export function definePrompt<I extends z.ZodObject, O extends OutputSchema>(
  definition: PromptDefinition<I, O>,
): Prompt {
  return Object.freeze({ ...definition }) as Prompt;
}

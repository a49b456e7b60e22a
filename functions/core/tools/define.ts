import type * as z from 'zod';
import type { ReadContext, WriteContext } from './context.ts';

/** `read`: runs as the read-only database user. `write`: runs in another function, in a transaction, audited before and after. */
export type Access = 'read' | 'write';

/** One object, or a list of objects: what a result can be. */
export type OutputSchema = z.ZodObject | z.ZodArray<z.ZodObject>;

/** What `run` returns: the declared fields. The output schema looks at their values, so rows can be returned as they are. */
export type Returned<T> = T extends readonly unknown[] ? readonly unknown[] : { readonly [Field in keyof T]: unknown };

/** A tool as its author writes it. Every field that a model or a person reads is constant, printable ASCII. */
export type ToolDefinition<A extends Access, I extends z.ZodObject, O extends OutputSchema> = {
  /** `snake_case`, and the file's name: `search_orders` lives in `functions/tools/search-orders.ts`. */
  readonly name: string;
  /** What people see. */
  readonly title: string;
  /** What the model sees: one or two sentences on what the tool does and when to use it. */
  readonly description: string;
  readonly access: A;
  /** Every one of them is needed. Names of the scope catalogue in cdk.json. */
  readonly scopes: readonly string[];
  /** A person approves each call, with its exact arguments, on a page of ours. Only a write tool can ask for it. */
  readonly approval?: A extends 'write' ? 'required' : never;
  /** A read tool that never uses `sql`, such as one that asks another service: it is offered without a database too. */
  readonly database?: A extends 'read' ? 'none' : never;
  /** `z.strictObject`: an argument nobody declared is refused. */
  readonly input: I;
  /** What leaves, `z.object` or a list of them: fields it does not name are dropped, values it does not fit fail the call. */
  readonly output: O;
  /** Inputs that show how the tool is called. They must fit `input`. */
  readonly examples?: readonly z.input<I>[];
  /** Returns plain values. The output schema checks them and the fence goes around them, always. */
  readonly run: (
    input: z.output<I>,
    context: A extends 'write' ? WriteContext : ReadContext,
  ) => Promise<Returned<z.input<O>>>;
};

/** Any tool. `run` cannot be called by accident: only the two runners know which context a tool is owed. */
export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly access: Access;
  readonly scopes: readonly string[];
  readonly approval?: 'required';
  readonly database?: 'none';
  readonly input: z.ZodObject;
  readonly output: OutputSchema;
  readonly examples?: readonly unknown[];
  readonly run: (input: never, context: never) => Promise<unknown>;
};

/**
 * Defines a tool. It checks types only; what a type cannot say (a scope nobody declared, two tools of one name) is
 * found when the registry is built, at synthesis and in `npm run check`, with the file's name and the fix.
 *
 * @example
 * export default defineTool({
 *   name: 'list_notes',
 *   title: 'List notes',
 *   description: 'Lists the notes of one ticket, oldest first.',
 *   access: 'read',
 *   scopes: ['tickets:read'],
 *   input: z.strictObject({ ticketId: z.uuid() }),
 *   output: z.array(z.object({ author: z.string(), body: z.string() })),
 *   async run({ ticketId }, { sql }) {
 *     return sql`SELECT author, body FROM app.notes WHERE ticket_id = ${ticketId}::uuid ORDER BY created_at`;
 *   },
 * });
 */
export function defineTool<const A extends Access, I extends z.ZodObject, O extends OutputSchema>(
  definition: ToolDefinition<A, I, O>,
): Tool {
  return Object.freeze({ ...definition }) as Tool;
}

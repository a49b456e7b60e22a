import type * as z from 'zod';
import type { Row } from '../ports.ts';
import type { ReadContext } from '../tools/context.ts';
import type { OutputSchema, Returned } from '../tools/define.ts';

/** A resource as its author writes it: one URI, or one template of URIs, and the code that reads what stands behind it. */
export type ResourceDefinition<P extends z.ZodObject, O extends OutputSchema> = {
  /** `snake_case`, and the file's name. */
  readonly name: string;
  /** What people see. */
  readonly title: string;
  /** What the model sees. */
  readonly description: string;
  /** A URI, or a template of RFC 6570 level 1: `ticket://{number}`. */
  readonly uri: string;
  /** Every one of them is needed. Names of the scope catalogue in cdk.json. */
  readonly scopes: readonly string[];
  /** `z.strictObject` with one string for each variable of the URI. Values it does not fit name no resource. */
  readonly parameters: P;
  /** What leaves, as for a tool. */
  readonly output: O;
  /** Returns plain values, a row for instance, which are fenced as text; `null` when there is no such resource, which is then an error. */
  readonly read: (parameters: z.output<P>, context: ReadContext) => Promise<Returned<z.input<O>> | Row | null>;
};

/** Any resource. `read` cannot be called by accident. */
export type Resource = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly uri: string;
  readonly scopes: readonly string[];
  readonly parameters: z.ZodObject;
  readonly output: OutputSchema;
  readonly read: (parameters: never, context: never) => Promise<unknown>;
};

/** Defines a resource. What a type cannot say is found when the registry is built, with the file's name and the fix. */
export function defineResource<P extends z.ZodObject, O extends OutputSchema>(
  definition: ResourceDefinition<P, O>,
): Resource {
  return Object.freeze({ ...definition }) as Resource;
}

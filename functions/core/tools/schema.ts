import * as z from 'zod';

/** A JSON Schema 2020-12 document. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * What a client is told about a tool's arguments. `examples` is the JSON Schema keyword, so hosts that show it need no
 * convention of ours.
 *
 * @throws Error for a type that JSON has no word for, and for a keyword whose promise is not kept.
 */
export function inputSchemaOf(input: z.ZodObject, examples: readonly unknown[] = []): JsonSchema {
  const schema: JsonSchema = z.toJSONSchema(input, { io: 'input' });
  // A declared header MUST be compared with the argument (MCP 2026-07-28, custom headers). Nothing here would.
  if (JSON.stringify(schema).includes('"x-mcp-header"')) throw new Error('x-mcp-header is not served: remove it');
  return examples.length > 0 ? { ...schema, examples } : schema;
}

/**
 * What a tool declares it returns, before the fence. Clients are not told this one: what they receive is the fence's
 * table, the same for every tool. It is part of the tool's digest, because it decides which fields can leave.
 *
 * @throws Error for a type that JSON has no word for, such as a date or a bigint.
 */
export function resultSchemaOf(output: z.ZodType): JsonSchema {
  return z.toJSONSchema(output, { io: 'output' });
}

import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { annotationsOf } from './annotations.ts';
import type { Tool } from './define.ts';
import { inputSchemaOf, resultSchemaOf } from './schema.ts';

/** What of a tool, a resource or a prompt is told to models, people and hosts, and what decides who may use it. */
export type Definition = { readonly [field: string]: unknown };

/**
 * A tool without its code: every text a model or a reviewer reads, the schemas with their examples, and what a call needs.
 *
 * @throws Error for a type that JSON has no word for, such as a date or a bigint.
 */
export function definitionOf(tool: Tool): Definition {
  const { name, title, description, access, scopes, approval } = tool;
  const inputSchema = inputSchemaOf(tool.input, tool.examples);
  const resultSchema = resultSchemaOf(tool.output);
  const annotations = annotationsOf(tool);
  const definition = { name, title, description, access, scopes, inputSchema, resultSchema, annotations };
  return approval ? { ...definition, approval } : definition;
}

/**
 * SHA-256, in lower-case hex, of a definition as canonical JSON (RFC 8785). The audit log carries it with every call, so
 * that "which tool was this, exactly" has an answer after the code has moved on, and `tools.lock` holds it, so that a
 * definition that changed under its name is seen.
 */
export function digestOf(definition: Definition): string {
  const canonical = canonicalize(definition);
  if (canonical === undefined) throw new Error('a tool definition is a JSON object');
  return createHash('sha256').update(canonical).digest('hex');
}

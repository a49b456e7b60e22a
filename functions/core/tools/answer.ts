import type { FenceOptions } from '../fence/fence.ts';
import { fencedError } from '../fence/fenced-error.ts';
import { fenceResult, structuredOutputSchema, trustKey, trustLabel } from '../fence/structured.ts';
import type { Produced } from './cut.ts';
import { type CallFailure, mayRetry, sentenceOf } from './failure.ts';
import type { RegisteredTool } from './registry.ts';
import { apart } from './trusted.ts';

/** The result of a tools/call, as MCP spells it. */
export type ToolAnswer = {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: true;
  readonly _meta: Readonly<Record<string, unknown>>;
};

/** Our `_meta` keys, beside the fence's own trust label. */
export const META = { digest: 'gatehouse/digest', error: 'gatehouse/error' } as const;

/** What a client is told about a tool, a resource or a prompt besides the protocol's own fields. */
export function digestMeta({ digest }: { readonly digest: string }): Readonly<Record<string, unknown>> {
  return { [META.digest]: `sha256:${digest}` };
}

/** A tool as tools/list names it. */
export function advertisedTool(tool: RegisteredTool) {
  const { name, title, description, inputSchema, annotations } = tool;
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema, type: 'object' as const },
    outputSchema: structuredOutputSchema,
    annotations,
    _meta: digestMeta(tool),
  };
}

/**
 * A result, fenced: there is no other way from a tool's plain value to the wire. What is known to be missing from it, and
 * constant sentences that its author declared and that the result says, stand before the fence.
 */
export function resultAnswer(
  tool: RegisteredTool,
  { value, notes }: Produced<object>,
  fence: Omit<FenceOptions, 'source'>,
): ToolAnswer {
  const { said: declared, data } = apart(tool.output, value);
  const said = [...notes, ...declared];
  const { text, structured, meta } = fenceResult(data, { ...fence, source: `tool:${tool.name}` });
  return {
    content: [{ type: 'text', text: [...said, text].join('\n') }],
    structuredContent: { ...structured, ...(said.length > 0 && { trusted: said }) },
    _meta: { ...meta, ...digestMeta(tool) },
  };
}

/** A failure, as a fixed sentence the model can act on. Words of the caller are quoted only behind a fence. */
export function failureAnswer({ code, details }: CallFailure, requestId: string, nonce: string): ToolAnswer {
  const sentence = `${sentenceOf(code)} (request id ${requestId})`;
  const text = details === undefined ? sentence : fencedError(sentence, details, { source: 'input', nonce });
  return {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: {
      [META.error]: { code, retry: mayRetry(code), request_id: requestId },
      ...(details !== undefined && { [trustKey]: trustLabel(details, { source: 'input', nonce }) }),
    },
  };
}

/** What an answer amounts to: how many rows of data it holds, or the code of its failure. */
export function outcomeOf(answer: ToolAnswer): { readonly rows: number; readonly failure: string | undefined } {
  const rows = answer.structuredContent?.rows;
  const error = answer._meta[META.error] as { readonly code: string } | undefined;
  return { rows: Array.isArray(rows) ? rows.length : 0, failure: error?.code };
}

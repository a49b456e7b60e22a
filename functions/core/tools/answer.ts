import { fencedError } from '../fence/fenced-error.ts';
import { fenceResult } from '../fence/structured.ts';
import { type CallFailure, mayRetry, sentenceOf } from './failure.ts';
import type { RegisteredTool } from './registry.ts';

/** The result of a tools/call, as MCP spells it. */
export type ToolAnswer = {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: true;
  readonly _meta: Readonly<Record<string, unknown>>;
};

/** Prefix of our `_meta` keys. */
const OURS = 'gatehouse';

/** What a client is told about a tool besides the protocol's own fields. */
export function toolMeta(tool: RegisteredTool): Readonly<Record<string, unknown>> {
  return { [`${OURS}/digest`]: `sha256:${tool.digest}` };
}

/** A result, fenced: there is no other way from a tool's plain value to the wire. */
export function resultAnswer(tool: RegisteredTool, value: object, nonce: string): ToolAnswer {
  const { text, structured, meta } = fenceResult(value, { source: `tool:${tool.name}`, nonce });
  return {
    content: [{ type: 'text', text }],
    structuredContent: structured,
    _meta: { ...meta, ...toolMeta(tool) },
  };
}

/** A failure, as a fixed sentence the model can act on. Words of the caller are quoted only behind a fence. */
export function failureAnswer({ code, details }: CallFailure, requestId: string, nonce: string): ToolAnswer {
  const sentence = `${sentenceOf(code)} (request id ${requestId})`;
  const text = details === undefined ? sentence : fencedError(sentence, details, { source: 'input', nonce });
  return {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { [`${OURS}/error`]: { code, retry: mayRetry(code), request_id: requestId } },
  };
}

/** What an answer amounts to: how many rows of data it holds, or the code of its failure. */
export function outcomeOf(answer: ToolAnswer): { readonly rows: number; readonly failure: string | undefined } {
  const rows = answer.structuredContent?.rows;
  const error = answer._meta[`${OURS}/error`] as { readonly code: string } | undefined;
  return { rows: Array.isArray(rows) ? rows.length : 0, failure: error?.code };
}

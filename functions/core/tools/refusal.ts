import { fencedError } from '../fence/fenced-error.ts';
import { META } from './answer.ts';
import type { Kind } from './audited.ts';
import { type CallFailure, type FailureCode, mayRetry, sentenceOf } from './failure.ts';

/**
 * A request that is answered with a JSON-RPC error, for what has no result that could say it: an unknown tool, and every
 * failure of a resource or a prompt. `params`: what was asked for cannot be had; `server`: it is not the caller's doing.
 */
export type RpcRefusal = {
  readonly fault: 'params' | 'server';
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

const OF_PARAMS: ReadonlySet<FailureCode> = new Set(['invalid_arguments', 'access_denied']);

/** A failure of a resource or a prompt, in the words a failed tool has. What the caller sent is quoted behind a fence. */
export function refusalOf(
  { code, details }: CallFailure,
  { kind, requestId, nonce }: { readonly kind: Kind; readonly requestId: string; readonly nonce: string },
): RpcRefusal {
  const sentence = `${sentenceOf(code, kind)} (request id ${requestId})`;
  return {
    fault: OF_PARAMS.has(code) ? 'params' : 'server',
    message: details === undefined ? sentence : fencedError(sentence, details, { source: 'input', nonce }),
    data: { [META.error]: { code, retry: mayRetry(code), request_id: requestId } },
  };
}

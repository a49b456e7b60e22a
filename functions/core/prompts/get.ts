import { fenceResult } from '../fence/structured.ts';
import { ok, type Result, refuse } from '../result.ts';
import { admit, type ReadPorts, type Requested, runRecorded } from '../tools/admit.ts';
import { digestMeta } from '../tools/answer.ts';
import type { Produced } from '../tools/cut.ts';
import type { CallFailure } from '../tools/failure.ts';
import { readInput } from '../tools/input.ts';
import { produce } from '../tools/produce.ts';
import { record } from '../tools/record.ts';
import { type RpcRefusal, refusalOf } from '../tools/refusal.ts';
import type { PromptRegistry, RegisteredPrompt } from './registry.ts';

export type PromptPorts = ReadPorts & { readonly prompts: PromptRegistry };

/** One prompts/get of one verified caller. */
export type PromptRequest = Omit<Requested, 'kind'>;

type Meta = Readonly<Record<string, unknown>>;
type Message = {
  readonly role: 'user';
  readonly content: { readonly type: 'text'; readonly text: string; readonly _meta?: Meta };
};

/** The result of a prompts/get, as MCP spells it. */
export type PromptAnswer = {
  readonly description: string;
  readonly messages: readonly Message[];
  readonly _meta: Meta;
};

/**
 * Gives a prompt to a caller, by the rules of a tool's call. Its first message is the author's constant text; the arguments
 * and the data follow, each behind a fence of its own, since both are somebody else's words in the user's mouth.
 */
export async function getPrompt(ports: PromptPorts, request: PromptRequest): Promise<Result<PromptAnswer, RpcRefusal>> {
  const call: Requested = { ...request, kind: 'prompt' };
  const failed = (failure: CallFailure): Result<never, RpcRefusal> => {
    call.log.add({ failure: failure.code });
    return refuse(refusalOf(failure, { kind: 'prompt', requestId: call.requestId, nonce: ports.nonce() }));
  };
  const prompt = ports.prompts.find(call.name);
  if (!prompt) {
    const judgement = { phase: 'call', decision: 'invalid', reason: 'unknown-prompt' } as const;
    const recorded = await record(ports.audit, call, undefined, judgement);
    if (!recorded) return failed({ code: 'audit_unavailable' });
    return refuse({ fault: 'params', message: 'There is no prompt of this name. prompts/list names them.' });
  }
  const input = await admit(ports, call, prompt, () => readInput(prompt, call.arguments ?? {}));
  if (!input.ok) return failed(input.error);
  const outcome = await runRecorded(ports, call, prompt, (context) => produce(prompt, input.value, context));
  return outcome.ok ? ok(answer(prompt, input.value, outcome.value, ports)) : failed(outcome.error);
}

function answer(
  prompt: RegisteredPrompt,
  input: object,
  { value, notes }: Produced<object>,
  { nonce, links }: PromptPorts,
): PromptAnswer {
  const data = fenceResult(value, { source: `prompt:${prompt.name}`, nonce: nonce(), links });
  const echoed = Object.keys(input).length > 0 ? [fenceResult(input, { source: 'input', nonce: nonce(), links })] : [];
  const fenced = [...echoed, data].map(({ text, meta }) => message(text, meta));
  return {
    description: prompt.description,
    messages: [message(prompt.text), ...notes.map((note) => message(note)), ...fenced],
    _meta: { ...data.meta, ...digestMeta(prompt) },
  };
}

function message(text: string, _meta?: Meta): Message {
  return { role: 'user', content: { type: 'text', text, ...(_meta && { _meta }) } };
}

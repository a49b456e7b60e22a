import type { EngineRequest } from '../adapters/mcp-engine.ts';
import type { Caller } from '../core/ports.ts';
import { getPrompt, type PromptPorts } from '../core/prompts/get.ts';
import { advertisedPrompt } from '../core/prompts/registry.ts';
import { type ResourcePorts, readResource } from '../core/resources/read.ts';
import { advertisedResource } from '../core/resources/registry.ts';
import type { Result } from '../core/result.ts';
import { advertisedTool, outcomeOf, type ToolAnswer } from '../core/tools/answer.ts';
import { type CallPorts, callTool } from '../core/tools/call.ts';
import type { RpcRefusal } from '../core/tools/refusal.ts';
import { visible } from '../core/tools/visible.ts';
import type { RequestLog } from '../http/request-line.ts';

export type OfferPorts = CallPorts & ResourcePorts & PromptPorts;

/** One verified caller's request, whatever it asks for. */
type Asked = {
  readonly caller: Caller;
  readonly token: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly log: RequestLog;
};

type Offer = Pick<EngineRequest, 'tools' | 'call' | 'resources' | 'prompts'>;

/** What one caller is offered: what their roles reach, and the functions that serve it. */
export function offer(ports: OfferPorts, { token, ...asked }: Asked): Offer {
  const { policy, registry } = ports;
  const { caller, log } = asked;
  return {
    tools: visible(registry.tools, policy, caller).map(advertisedTool),
    call: async (name, input, report) => {
      const answer = await callTool(ports, { ...asked, name, arguments: input, token, report });
      tell(log, caller, answer);
      return answer.ok ? answer : NO_TOOL;
    },
    ...(ports.resources.resources.length > 0 && { resources: resourcesOf(ports, asked) }),
    ...(ports.prompts.prompts.length > 0 && { prompts: promptsOf(ports, asked) }),
  };
}

const NO_TOOL = {
  ok: false,
  error: { fault: 'params', message: 'There is no tool of this name. tools/list names them.' },
} as const;

function resourcesOf(ports: ResourcePorts, asked: Omit<Asked, 'token'>): Exclude<Offer['resources'], undefined> {
  const seen = visible(ports.resources.resources, ports.policy, asked.caller);
  const isTemplate = ({ template }: (typeof seen)[number]) => template.variables.length > 0;
  return {
    list: seen.filter((one) => !isTemplate(one)).map((one) => ({ ...advertisedResource(one), uri: one.uri })),
    templates: seen.filter(isTemplate).map((one) => ({ ...advertisedResource(one), uriTemplate: one.uri })),
    read: async (uri, report) => {
      const answer = await readResource(ports, { ...asked, uri, report });
      noted(asked, answer);
      return answer;
    },
  };
}

function promptsOf(ports: PromptPorts, asked: Omit<Asked, 'token'>): Exclude<Offer['prompts'], undefined> {
  return {
    list: visible(ports.prompts.prompts, ports.policy, asked.caller).map(advertisedPrompt),
    get: async (name, input, report) => {
      const answer = await getPrompt(ports, { ...asked, name, arguments: input, report });
      noted(asked, answer);
      return answer;
    },
  };
}

/** What came of a call: for the terminal, and for whoever asks the log how many rows somebody was given. */
function tell(log: RequestLog, { subject }: Caller, answer: Result<ToolAnswer, unknown>): void {
  const { failure, rows } = answer.ok ? outcomeOf(answer.value) : { failure: 'there is no tool of this name', rows: 0 };
  if (failure === undefined) log.add({ rows });
  log.note(failure === undefined ? `${subject}   ${rows} ${rows === 1 ? 'row' : 'rows'}` : `${subject}: ${failure}`);
}

/** Of a refusal only our own first sentence: what follows may quote the caller. */
function noted({ log, caller: { subject } }: Omit<Asked, 'token'>, answer: Result<object, RpcRefusal>): void {
  log.note(answer.ok ? subject : `${subject}: ${answer.error.message.split('\n')[0] ?? ''}`);
}

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type ElicitRequestFormParams,
  InMemoryServerEventBus,
  type InputRequiredResult,
  inputRequired,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { EngineExtension } from '../../functions/adapters/mcp-engine.ts';

/**
 * What the suite asks of a server and this server does not offer: sampling, elicitation, roots, log messages, completion
 * and subscriptions. It stands here, and not in production, so that nothing ships that nobody uses.
 */
const bus = new InMemoryServerEventBus();
const state = createRequestStateCodec<{ readonly step: number }>({ key: randomBytes(32) });

type Answer = { content: { type: 'text'; text: string }[] };
type Tool = (context: ServerContext) => Promise<Answer | InputRequiredResult>;

const say = (text: string): Answer => ({ content: [{ type: 'text', text }] });

function ask(message: string, field: string, type: 'string' | 'boolean' = 'string') {
  const requestedSchema = { type: 'object', properties: { [field]: { type } }, required: [field] };
  return inputRequired.elicit({
    message,
    requestedSchema: requestedSchema as ElicitRequestFormParams['requestedSchema'],
  });
}

function sample(text: string) {
  return inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 });
}

/** Asks until every key has a response: what is missing is asked for again. */
function until(inputRequests: Parameters<typeof inputRequired>[0]['inputRequests'] & object, finish: Tool): Tool {
  return async (context) => {
    const given = context.mcpReq.inputResponses ?? {};
    return Object.keys(inputRequests).every((key) => Object.hasOwn(given, key))
      ? finish(context)
      : inputRequired({ inputRequests });
  };
}

/** Asks as before 2026-07-28: in the middle of the call, for an answer that comes as another request. */
function elicit(properties: Readonly<Record<string, object>>): Tool {
  return async ({ mcpReq }) => {
    const requestedSchema = { type: 'object', properties } as ElicitRequestFormParams['requestedSchema'];
    return say(JSON.stringify(await mcpReq.elicitInput({ mode: 'form', message: 'Please answer', requestedSchema })));
  };
}

const log = async (context: ServerContext, ...lines: readonly string[]) => {
  for (const line of lines) {
    await context.mcpReq.log('info', line);
    await sleep(50);
  }
};

const TOOLS: Readonly<Record<string, Tool>> = {
  test_tool_with_logging: async (context) => {
    await log(context, 'Tool execution started', 'Tool processing data', 'Tool execution completed');
    return say('logged');
  },
  test_logging_tool: async (context) => {
    await log(context, 'only for those who asked');
    return say('logged');
  },
  test_sampling: async ({ mcpReq }) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say something' } }];
    return say(JSON.stringify(await mcpReq.requestSampling({ messages, maxTokens: 100 })));
  },
  test_elicitation: elicit({ response: { type: 'string' } }),
  test_elicitation_sep1034_defaults: elicit({ name: { type: 'string', default: 'John Doe' } }),
  test_elicitation_sep1330_enums: elicit({ untitledSingle: { type: 'string', enum: ['option1', 'option2'] } }),
  test_missing_capability: async () => inputRequired({ inputRequests: { sampled: sample('Say something') } }),
  test_streaming_elicitation: async () => say('nothing was asked'),
  test_trigger_tool_change: async () => {
    bus.publish({ kind: 'tools_list_changed' });
    return say('changed');
  },
  test_trigger_prompt_change: async () => {
    bus.publish({ kind: 'prompts_list_changed' });
    return say('changed');
  },
  test_input_required_result_elicitation: async ({ mcpReq }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'user_name')?.name;
    if (typeof name === 'string') return say(`Hello, ${name}!`);
    return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
  },
  test_input_required_result_sampling: until(
    { capital_question: sample('What is the capital of France?') },
    async ({ mcpReq }) => say(JSON.stringify(mcpReq.inputResponses?.capital_question)),
  ),
  test_input_required_result_list_roots: until({ client_roots: inputRequired.listRoots() }, async ({ mcpReq }) =>
    say(JSON.stringify(mcpReq.inputResponses?.client_roots)),
  ),
  test_input_required_result_request_state: async ({ mcpReq }) =>
    mcpReq.requestState<{ readonly step: number }>()?.step === 1 && mcpReq.inputResponses?.confirm
      ? say('state-ok')
      : withState(1, { confirm: ask('Please confirm', 'ok', 'boolean') }),
  test_input_required_result_tampered_state: async ({ mcpReq }) =>
    mcpReq.requestState<{ readonly step: number }>()?.step === 1
      ? say('state-ok')
      : withState(1, { confirm: ask('Please confirm', 'ok', 'boolean') }),
  test_input_required_result_multiple_inputs: async ({ mcpReq }) =>
    mcpReq.requestState() !== undefined
      ? say(`answered: ${Object.keys(mcpReq.inputResponses ?? {}).join(', ')}`)
      : withState(1, {
          user_name: ask('What is your name?', 'name'),
          greeting: sample('Generate a greeting'),
          client_roots: inputRequired.listRoots(),
        }),
  test_input_required_result_multi_round: async ({ mcpReq }) => {
    const step = mcpReq.requestState<{ readonly step: number }>()?.step;
    if (step === undefined) return withState(1, { step1: ask('Step 1: What is your name?', 'name') });
    if (step === 1) return withState(2, { step2: ask('Step 2: What is your favorite color?', 'color') });
    return say('done');
  },
  test_input_required_result_capabilities: async ({ mcpReq }) => {
    if (Object.keys(mcpReq.inputResponses ?? {}).length > 0) return say('done');
    const declared: { elicitation?: object; sampling?: object } =
      Reflect.get(mcpReq.envelope ?? {}, CLIENT_CAPABILITIES_META_KEY) ?? {};
    return inputRequired({
      inputRequests: {
        ...(declared.elicitation && { user_name: ask('What is your name?', 'name') }),
        ...(declared.sampling && { greeting: sample('Generate a greeting') }),
      },
    });
  },
};

async function withState(step: number, inputRequests: Parameters<typeof inputRequired>[0]['inputRequests'] & object) {
  return inputRequired({ inputRequests, requestState: await state.mint({ step }) });
}

export const extension: EngineExtension = {
  handler: { bus, maxSubscriptions: 16 },
  options: {
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      logging: {},
      completions: {},
    },
    requestState: { verify: state.verify },
  },
  extend: (server, ours) => {
    server.setRequestHandler('tools/call', async (request, context) => {
      const { name } = request.params;
      return Object.hasOwn(TOOLS, name) && TOOLS[name] ? TOOLS[name](context) : ours.callTool(request, context);
    });
    server.setRequestHandler('prompts/get', async (request, context) => {
      if (request.params.name !== 'test_input_required_result_prompt') return ours.getPrompt(request, context);
      const given = acceptedContent(context.mcpReq.inputResponses, 'user_context')?.context;
      if (given === undefined) {
        return inputRequired({
          inputRequests: { user_context: ask('What context should the prompt use?', 'context') },
        });
      }
      return { messages: [{ role: 'user', content: { type: 'text', text: String(given) } }] };
    });
    server.setRequestHandler('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
    server.setRequestHandler('resources/subscribe', () => ({}));
    server.setRequestHandler('resources/unsubscribe', () => ({}));
  },
};

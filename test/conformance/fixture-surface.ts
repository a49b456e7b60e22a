import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineRequest } from '../../functions/adapters/mcp-engine.ts';

/**
 * What the suite asks any server to offer, as far as ours could: tools, resources and prompts, listed, called and reporting
 * their progress through the engine's own handlers. Names and texts are the suite's.
 */
type Surface = Required<Pick<EngineRequest, 'tools' | 'call' | 'resources' | 'prompts'>>;
type Called = Awaited<ReturnType<EngineRequest['call']>>;
type Report = Parameters<EngineRequest['call']>[2];

/** One red pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
/** A WAV header and no sound. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';

const text = (said: string) => ({ type: 'text' as const, text: said });
const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const;
const embedded = (uri: string, mimeType: string, said: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: said },
});

type Schema = { readonly type: 'object'; readonly [keyword: string]: unknown };
type Content = Extract<Called, { ok: true }>['value']['content'];
type ToolBody = (report: Report) => Content | Promise<Content>;

const BODIES: Readonly<Record<string, ToolBody>> = {
  test_simple_text: () => [text('This is a simple text response for testing.')],
  test_image_content: () => [image],
  test_audio_content: () => [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  test_embedded_resource: () => [
    embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ],
  test_multiple_content_types: () => [
    text('Multiple content types test:'),
    image,
    embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ],
  test_tool_with_progress: async (report) => {
    for (const progress of [0, 50, 100]) {
      report?.({ progress, total: 100 });
      await sleep(20);
    }
    return [text('done')];
  },
  json_schema_2020_12_tool: () => [text('valid')],
};

/** Served by the extension, because production has nothing like them; listed here with the others. */
const OF_EXTENSION = [
  'test_sampling',
  'test_elicitation',
  'test_elicitation_sep1034_defaults',
  'test_elicitation_sep1330_enums',
  'test_tool_with_logging',
  'test_logging_tool',
  'test_missing_capability',
  'test_streaming_elicitation',
  'test_trigger_tool_change',
  'test_trigger_prompt_change',
  'test_input_required_result_elicitation',
  'test_input_required_result_sampling',
  'test_input_required_result_list_roots',
  'test_input_required_result_request_state',
  'test_input_required_result_multiple_inputs',
  'test_input_required_result_multi_round',
  'test_input_required_result_tampered_state',
  'test_input_required_result_capabilities',
];

const ANY_ARGUMENTS: Schema = { type: 'object' };

/** Keywords of JSON Schema 2020-12 that must come through word for word. */
const JSON_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const tools = [...Object.keys(BODIES), 'test_error_handling', ...OF_EXTENSION].sort().map((name) => ({
  name,
  description: `The suite's ${name}`,
  inputSchema: name === 'json_schema_2020_12_tool' ? JSON_SCHEMA : ANY_ARGUMENTS,
}));

const RESOURCES: Readonly<
  Record<
    string,
    { readonly mimeType: string; readonly text: string } | { readonly mimeType: string; readonly blob: string }
  >
> = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: PNG },
  'test://watched-resource': { mimeType: 'text/plain', text: 'watched' },
};

function resourceAt(uri: string) {
  if (Object.hasOwn(RESOURCES, uri)) return RESOURCES[uri];
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  const data = { id, templateTest: true, data: `Data for ID: ${id}` };
  return { mimeType: 'application/json', text: JSON.stringify(data) };
}

type Arguments = Readonly<Record<string, unknown>>;

const PROMPTS: Readonly<
  Record<
    string,
    (given: Arguments) => readonly (ReturnType<typeof text> | typeof image | ReturnType<typeof embedded>)[]
  >
> = {
  test_simple_prompt: () => [text('This is a simple prompt for testing.')],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  test_prompt_with_embedded_resource: ({ resourceUri }) => [
    embedded(String(resourceUri), 'text/plain', 'Embedded resource content for testing.'),
    text('Please process the embedded resource above.'),
  ],
  test_prompt_with_image: () => [image, text('Please analyze the image above.')],
};

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  test_prompt_with_arguments: ['arg1', 'arg2'],
  test_prompt_with_embedded_resource: ['resourceUri'],
};

const prompts = [...Object.keys(PROMPTS), 'test_input_required_result_prompt'].sort().map((name) => ({
  name,
  description: `The suite's ${name}`,
  arguments: (ARGUMENTS[name] ?? []).map((argument) => ({ name: argument, description: argument, required: true })),
}));

const unknown = (message: string, data?: object) =>
  ({ ok: false, error: { fault: 'params', message, ...(data && { data: { ...data } }) } }) as const;

export const surface: Surface = {
  tools,
  call: async (name, _input, report) => {
    if (name === 'test_error_handling') {
      return {
        ok: true,
        value: { isError: true, content: [text('This tool intentionally returns an error for testing')] },
      };
    }
    const body = Object.hasOwn(BODIES, name) ? BODIES[name] : undefined;
    return body ? { ok: true, value: { content: await body(report) } } : unknown('no such tool');
  },
  resources: {
    list: Object.entries(RESOURCES).map(([uri, { mimeType }]) => ({ uri, name: uri.slice(7), mimeType })),
    templates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
    read: async (uri) => {
      const found = resourceAt(uri);
      return found ? { ok: true, value: { contents: [{ uri, ...found }] } } : unknown('no such resource', { uri });
    },
  },
  prompts: {
    list: prompts,
    get: async (name, input) => {
      const body = Object.hasOwn(PROMPTS, name) ? PROMPTS[name] : undefined;
      if (!body) return unknown('no such prompt');
      const given = typeof input === 'object' && input !== null ? { ...input } : {};
      return { ok: true, value: { messages: body(given).map((content) => ({ role: 'user', content })) } };
    },
  },
};

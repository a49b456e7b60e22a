import { request } from 'node:http';

/** One request to /mcp as bytes: what a client writes, not what an SDK makes of it. */
export type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

export type McpAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON-RPC message of the answer, whether it came as JSON or as the one event of a stream. */
  readonly message: Message;
};

type Message = { readonly result?: Record<string, unknown>; readonly error?: { readonly code: number } };

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

const BASE = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
let ids = 0;

/** A request of revision 2026-07-28: no session, everything it depends on in `_meta`, and in the headers that mirror it. */
export function modernMessage(method: string, params: Readonly<Record<string, unknown>> = {}): Sent {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'replay', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const named = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
  return {
    headers: { ...BASE, 'mcp-protocol-version': MODERN, 'mcp-method': method, ...named },
    body: JSON.stringify({ jsonrpc: '2.0', id: ++ids, method, params: { ...params, _meta } }),
  };
}

/** A request of the earlier era; before `initialize` was answered there is no revision to name. */
export function legacyMessage(
  method: string,
  params?: Readonly<Record<string, unknown>>,
  revision: string | undefined = LEGACY,
): Sent {
  const named = revision === undefined ? {} : { 'mcp-protocol-version': revision };
  // A notification has no id (JSON-RPC 2.0 section 4.1).
  const id = method.startsWith('notifications/') ? {} : { id: ++ids };
  return { headers: { ...BASE, ...named }, body: JSON.stringify({ jsonrpc: '2.0', ...id, method, params }) };
}

export function initializeMessage(revision = LEGACY): Sent {
  const params = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'replay', version: '1' } };
  const { headers, body } = legacyMessage('initialize', params);
  const { 'mcp-protocol-version': _, ...unnamed } = headers;
  return { headers: unnamed, body };
}

export async function postMcp(
  url: string,
  sent: Sent,
  token?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<McpAnswer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...sent.headers, ...authorization, ...more };
  const response = await fetch(url, { method: 'POST', headers, body: sent.body });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, message: messageOf(response, text) };
}

function messageOf(response: Response, text: string): Message {
  const type = response.headers.get('content-type') ?? '';
  const data = type.startsWith('text/event-stream') ? /^data: (\{.*\})$/m.exec(text)?.[1] : text;
  return type.includes('json') || type.startsWith('text/event-stream') ? (JSON.parse(data ?? '{}') as Message) : {};
}

/** The text a model would read. Throws for an answer that is no result. */
export function textOf({ status, text, message }: McpAnswer): string {
  const { content } = message.result ?? {};
  if (!Array.isArray(content)) throw new Error(`no result in a ${status}: ${text.slice(0, 400)}`);
  return (content as readonly { readonly text?: string }[]).map((block) => block.text ?? '').join('\n');
}

/** The names in the answer to tools/list. */
export function toolNamesOf({ status, text, message }: McpAnswer): readonly string[] {
  const { tools } = message.result ?? {};
  if (!Array.isArray(tools)) throw new Error(`no tools in a ${status}: ${text.slice(0, 400)}`);
  return (tools as readonly { readonly name: string }[]).map(({ name }) => name);
}

export type RawAnswer = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
};

/** Sends a request with a Host of its own, and gives the headers as they came: fetch does neither. */
export function postRaw(url: string, { headers, body }: Sent): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (answer) => {
      const { rawHeaders, statusCode = 0 } = answer;
      const pairs = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? ''] as const] : [],
      );
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.once('end', () => {
        resolve({ status: statusCode, headers: pairs, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.once('error', reject).end(body);
  });
}

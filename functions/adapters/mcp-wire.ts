import { escapeLine } from '../core/fence/escape.ts';

/**
 * Between the plain requests and answers of this program and the web's, which the protocol engine speaks. Only the
 * protocol's own headers cross: what the engine is not shown, it cannot mistake for something.
 */
export type EngineResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const FORWARDED = /^(?:accept|content-type|mcp-[a-z0-9-]+)$/;

/** The headers the protocol speaks of, or undefined when one holds what no header may hold (RFC 9110 section 5.5). */
export function protocolHeaders(sent: Readonly<Record<string, string | undefined>>): Headers | undefined {
  const headers = new Headers();
  for (const [name, value] of Object.entries(sent)) {
    if (value === undefined || !FORWARDED.test(name)) continue;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return undefined;
    headers.set(name, value);
  }
  return headers;
}

/** MCP 2026-07-28, Streamable HTTP: invalid characters in a protocol header MUST be answered 400, -32020. */
export function unreadableHeader(message: object): Response {
  const id = 'id' in message && (typeof message.id === 'string' || typeof message.id === 'number') ? message.id : null;
  const error = { code: -32020, message: 'An MCP header holds characters that no header may hold.' };
  return Response.json({ jsonrpc: '2.0', id, error }, { status: 400 });
}

/** A whole answer. Waits for the end of a stream, as the gateway does. */
export async function plain(response: Response): Promise<EngineResponse> {
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'allow']) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const body = await response.text();
  return { status: response.status, headers, body: response.ok ? body : withoutQuotes(body) };
}

/** MCP 2026-07-28, Streamable HTTP: a header that does not repeat the body. */
const MISMATCH = -32020;

/**
 * A refusal by the engine itself, which quotes headers and body as they are. Words of a request are data too: of a mismatch,
 * where they may be of any length, nothing is quoted, and whatever else is quoted is escaped.
 */
function withoutQuotes(body: string): string {
  const message = parsed(body);
  if (!message?.error) return body;
  const { code, message: told, data } = message.error;
  const said =
    code === MISMATCH
      ? {
          message:
            'Bad Request: the request headers and body disagree. Mcp-Method, Mcp-Name and MCP-Protocol-Version must repeat the body.',
        }
      : { message: escapeLine(told), ...(data !== undefined && { data: escapedLeaves(data) }) };
  return JSON.stringify({ ...message, error: { code, ...said } });
}

type Refused = { readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown } };

function parsed(body: string): Refused | undefined {
  try {
    return JSON.parse(body) as Refused;
  } catch {
    return undefined;
  }
}

function escapedLeaves(value: unknown): unknown {
  if (typeof value === 'string') return escapeLine(value, { links: 'kept' });
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(escapedLeaves);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [escapeLine(key), escapedLeaves(inner)]));
}

const REVISION = '2026-07-28';

/** A tools/list of nobody, for trying the engine out before there is a request. */
export const firstMessage = {
  headers: {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': REVISION,
    'mcp-method': 'tools/list',
  },
  message: {
    jsonrpc: '2.0',
    id: 0,
    method: 'tools/list',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': REVISION,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
} as const;

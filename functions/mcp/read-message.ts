import { ok, type Result, refuse } from '../core/result.ts';
import type { MessageRefusal } from '../http/mcp-errors.ts';
import type { HttpRequest } from '../http/message.ts';

/** Largest body in bytes. */
export const MESSAGE_LIMIT = 256 * 1024;

/** Most arrays and objects inside each other. */
const DEPTH_LIMIT = 32;

const JSON_TYPE = /^application\/json *(?:;|$)/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The one JSON-RPC message of a request, with its limits. Called only for an authenticated caller: until then the body
 * is bytes that nobody looks at.
 *
 * Arrays are refused here, for the protocol engine's earlier era would take them: one request is one message (MCP
 * 2025-06-18 and later), one authorisation and one audit row.
 */
export function readMessage({ headers, body }: HttpRequest): Result<object, MessageRefusal> {
  const type = headers['content-type'];
  if (type === undefined || !JSON_TYPE.test(type)) return refuse({ reason: 'not-json-type', type });
  if (body.length > MESSAGE_LIMIT) return refuse({ reason: 'too-large', bytes: body.length });
  const message = parse(body);
  if (!message.ok) return message;
  if (Array.isArray(message.value)) return refuse({ reason: 'batch' });
  if (typeof message.value !== 'object' || message.value === null) return refuse({ reason: 'not-a-message' });
  return ok(message.value);
}

function parse(body: Buffer): Result<unknown, MessageRefusal> {
  try {
    const text = utf8.decode(body);
    if (isDeeperThan(text, DEPTH_LIMIT)) return refuse({ reason: 'too-deep' });
    return ok(JSON.parse(text) as unknown);
  } catch {
    return refuse({ reason: 'not-json' });
  }
}

/** Counts brackets outside strings, before anything is built of the text. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c) at++;
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) {
      depth++;
      if (depth > limit) return true;
    } else if (character === 0x5d || character === 0x7d) depth--;
  }
  return false;
}

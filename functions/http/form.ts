import type { Parameters } from '../core/oauth/parameters.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { HttpRequest } from './message.ts';

export type FormFailure =
  | { readonly reason: 'content-type'; readonly got: string | undefined }
  | { readonly reason: 'encoding' };

const FORM = /^application\/x-www-form-urlencoded(?:\s*;.*)?$/i;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;

/**
 * The parameters of an `application/x-www-form-urlencoded` body (RFC 6749 appendix B), in order, repeated ones kept.
 * Refuses any other type, broken percent-encoding, bytes that are not UTF-8, and NUL: a value that two parsers may read
 * differently has no place in a token request.
 */
export function parseForm(request: HttpRequest): Result<Parameters, FormFailure> {
  const type = request.headers['content-type'];
  // Two Content-Type headers arrive joined by a comma; the pattern's `.*` must not swallow one.
  if (type === undefined || type.includes(',') || !FORM.test(type.trim()))
    return refuse({ reason: 'content-type', got: type });
  const body = request.body.toString('latin1');
  if (BAD_ESCAPE.test(body) || /[^\x20-\x7e]/.test(body)) return refuse({ reason: 'encoding' });
  try {
    return ok(body === '' ? [] : body.split('&').map((pair) => decodePair(pair)));
  } catch {
    return refuse({ reason: 'encoding' });
  }
}

function decodePair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  const name = at < 0 ? pair : pair.slice(0, at);
  return [decode(name), decode(at < 0 ? '' : pair.slice(at + 1))];
}

function decode(text: string): string {
  const decoded = decodeURIComponent(text.replaceAll('+', ' '));
  if (decoded.includes('\0')) throw new URIError('NUL');
  return decoded;
}

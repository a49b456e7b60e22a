import * as z from 'zod';
import { canonicalJson } from '../audit/canonical.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Tool } from './define.ts';

/**
 * A call's arguments as the tool's schema reads them, or what is wrong with them: text that quotes the caller, for the
 * fence. What cannot be written as canonical JSON (a lone surrogate in a string) is refused here, since no audit row could
 * ever prove such a call.
 */
export function readInput(tool: Pick<Tool, 'input'>, sent: unknown): Result<object, string> {
  const canonical = canonicalJson(sent);
  if (!canonical.ok) return refuse(`The arguments are not well-formed JSON: ${canonical.error.detail}`);
  const parsed = tool.input.safeParse(sent);
  return parsed.success ? ok(parsed.data) : refuse(z.prettifyError(parsed.error));
}

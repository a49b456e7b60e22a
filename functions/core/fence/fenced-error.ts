import { type FenceOptions, fence } from './fence.ts';

/**
 * The text of a failed tool call that has to quote what somebody else wrote, such as PostgreSQL's `invalid input syntax
 * for type integer: "…"`. The message is a sentence of ours, for the model to act on; the detail is fenced.
 */
export function fencedError(message: string, detail: string, options: FenceOptions): string {
  return `${message}\n${fence(detail, options)}`;
}

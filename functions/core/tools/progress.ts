import { escapeData } from '../fence/escape.ts';

/** How far a call has come, as MCP spells it (notifications/progress). */
export type Progress = { readonly progress: number; readonly total?: number; readonly message?: string };

/** Takes a call's progress to the client that asked for it. Whoever has no such client has none of these. */
export type ReportProgress = (progress: Progress) => void;

/** What a tool says of its progress: `done` grows with every report, of `total` when that is known. */
export type SayProgress = (done: number, total?: number, message?: string) => void;

/** Reports of one call that are passed on, and code points of each message: a tool that reports per row must end too. */
const REPORTS = 100;
const MESSAGE = 200;

/**
 * The `progress` of one call's context. A message may quote rows, so it is data like the result: escaped with the fence's
 * encoder, and kept back until the call's audit row is durable. A call that is never recorded reports nothing.
 */
export function progressOf(report: ReportProgress | undefined): {
  readonly say: SayProgress;
  /** The audit row is durable: passes on what was said, and from now on what is said. */
  readonly release: () => void;
} {
  if (!report) return { say: () => {}, release: () => {} };
  const held: Progress[] = [];
  let released = false;
  let reports = 0;
  let last = Number.NEGATIVE_INFINITY;
  return {
    say: (done, total, message) => {
      // MCP, progress: the value MUST increase with each notification. One that does not is no news.
      if (!Number.isFinite(done) || done <= last || reports >= REPORTS) return;
      last = done;
      reports += 1;
      const progress = {
        progress: done,
        ...(total !== undefined && Number.isFinite(total) && { total }),
        ...(message !== undefined && { message: inline(message) }),
      };
      if (released) report(progress);
      else held.push(progress);
    },
    release: () => {
      released = true;
      for (const progress of held.splice(0)) report(progress);
    },
  };
}

/** `esc1` on one line: the two characters it leaves as they are outside a line are written as escapes too. */
function inline(message: string): string {
  const cut = Array.from(message.slice(0, 2 * MESSAGE))
    .slice(0, MESSAGE)
    .join('');
  return escapeData(cut).replaceAll('\n', '\\u{A}').replaceAll('\t', '\\u{9}');
}

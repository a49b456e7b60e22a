import type * as z from 'zod';
import { type ReadContext, SqlRefusal, type ToolLog, ToolRefusal, type WriteContext } from './context.ts';
import type { Tool } from './define.ts';
import { codeOfSql, type FailureCode } from './failure.ts';

/** A tool returned something else than it declared. Only the places are kept: the values may be anybody's. */
class UndeclaredOutput extends Error {
  readonly places: readonly string[];

  constructor(issues: readonly z.core.$ZodIssue[]) {
    super('the tool returned something that its output schema does not allow');
    this.places = issues.map((issue) => `${issue.path.map(String).join('.') || '(top)'}: ${issue.code}`);
  }
}

/**
 * Runs a tool's own code until it is done or its time is up, and keeps of the result what the output schema names.
 * Throws whatever went wrong: inside a transaction that is what rolls it back. `failureOf` turns it into a code.
 *
 * The caller has parsed `input` with the tool's schema and built the context its access is owed.
 */
export async function produce(
  tool: Pick<Tool, 'run' | 'output'>,
  input: object,
  context: ReadContext | WriteContext,
): Promise<object> {
  const value = await untilAborted(tool.run(input as never, context as never), context.signal);
  const parsed = tool.output.safeParse(value);
  if (!parsed.success) throw new UndeclaredOutput(parsed.error.issues);
  return parsed.data;
}

/** What to tell the caller about something `produce` threw; the log learns the rest. */
export function failureOf(error: unknown, signal: AbortSignal, log: ToolLog): FailureCode {
  if (error instanceof SqlRefusal) {
    const { reason, detail, sqlState } = error.failure;
    // PostgreSQL quotes the value it could not read (class 22, data exception) or that broke a constraint (class 23).
    const quotesValues = /^2[23]/.test(sqlState ?? '');
    log.warn('the database gave no rows', { reason, sql_state: sqlState, ...(quotesValues ? {} : { detail }) });
    return codeOfSql(error.failure);
  }
  if (error instanceof ToolRefusal) return 'request_refused';
  if (error instanceof UndeclaredOutput) {
    log.error(error.message, { places: error.places });
    return 'tool_failed';
  }
  if (signal.aborted) {
    log.warn('the tool was stopped before it was done');
    return 'timeout';
  }
  log.error('the tool threw', { error });
  return 'tool_failed';
}

/** Settles with `work`, or rejects as soon as the signal aborts: a tool that ignores its signal does not hold the caller. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

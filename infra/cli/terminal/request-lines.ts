import type pc from 'picocolors';

type Colors = typeof pc;

/** The canonical request line of a function, as `functions/http/request-line.ts` writes it. Other lines have other messages. */
type LogLine = {
  readonly level?: string;
  readonly message?: string;
  readonly service?: string;
  readonly request_id?: string;
  readonly status?: number;
  readonly method?: string;
  readonly path?: string;
  readonly operation?: string;
  readonly duration_ms?: number;
  readonly note?: string;
  readonly error?: { readonly message?: string; readonly stack?: string };
};

export type Answered = {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
};

/**
 * Turns what the functions log into the screen that says why: one line a request, with the reason the wire did not
 * tell. Answers that no function spoke of (the gateway's own 404 and 429, a crashed function) get a plain line.
 */
export function requestLines(out: (text: string) => void, colors: Colors, now: () => Date) {
  const told = new Set<string>();
  const stamp = () => colors.dim(now().toTimeString().slice(0, 8));
  const status = (code: number) => {
    if (code >= 500) return colors.red(String(code));
    return code >= 400 ? colors.yellow(String(code)) : colors.green(String(code));
  };
  const show = (code: number, what: string, why: string) =>
    out(`  ${stamp()}  ${status(code)}  ${what.padEnd(26)} ${colors.dim(why)}`.trimEnd());

  return {
    /** One line of a function's output. */
    onLog(functionName: string, text: string): void {
      const line = parse(text);
      if (line?.message === 'request' && line.status !== undefined) {
        if (line.request_id !== undefined) told.add(line.request_id);
        show(line.status, line.operation ?? `${line.method} ${line.path}`, withDuration(line));
      } else if (line === undefined) {
        out(`  ${stamp()}  ${functionName}: ${text}`);
      } else if (line.level === 'ERROR' || line.level === 'WARN') {
        const cause = line.error?.message ? `: ${line.error.message}` : '';
        out(`  ${stamp()}  ${colors.red('!')}    ${line.service ?? functionName}: ${line.message}${cause}`);
      }
    },

    /** An answer left the gateway. The function's own line comes through another pipe, so give it a moment to be first. */
    onAnswered(answer: Answered): void {
      const GRACE_MS = 100;
      const check = () => {
        if (!told.delete(answer.requestId) && answer.status >= 400) {
          show(answer.status, `${answer.method} ${answer.path}`, 'answered by the gateway; no function spoke of it');
        }
      };
      setTimeout(check, GRACE_MS).unref();
    },
  };
}

/** A call of a tool is worth knowing the time of; a redirect is not. */
function withDuration({ note = '', operation, duration_ms: duration }: LogLine): string {
  return operation === undefined || duration === undefined ? note : `${note}   ${duration} ms`.trim();
}

function parse(text: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

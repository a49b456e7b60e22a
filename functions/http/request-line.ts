import type { Logger } from '@aws-lambda-powertools/logger';
import type { Answered } from '../core/metrics/metric.ts';
import type { Clock } from '../core/ports.ts';

/** What a handler may put on the one line its request leaves in the log. Never a token, code, cookie or argument. */
export type RequestLog = {
  /** Fields for operators and queries: client_id, grant id, subject, reason. */
  readonly add: (fields: Readonly<Record<string, unknown>>) => void;
  /** One sentence for a person: what happened and why. The local run's terminal shows it. */
  readonly note: (text: string) => void;
  /** What was asked for, where the path does not say it: `tools/call search_orders`. */
  readonly operation: (name: string) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
};

export type RequestLine = { readonly log: RequestLog; readonly write: (status: number) => void };

/**
 * Opens the canonical log line of one request; `write` sends it once the status is known.
 *
 * @param written is told what the line says, as far as requests are counted by it. @default - nobody counts
 */
export function openRequestLine(
  logger: Logger,
  clock: Clock,
  request: { readonly requestId: string; readonly method: string; readonly path: string },
  written?: (answered: Answered) => void,
): RequestLine {
  const started = clock.millis();
  const line: Record<string, unknown> = {};
  const known = { request_id: request.requestId };
  return {
    log: {
      add: (fields) => void Object.assign(line, fields),
      note: (text) => void Object.assign(line, { note: text }),
      operation: (name) => void Object.assign(line, { operation: name }),
      warn: (message, fields) => logger.warn(message, { ...known, ...fields }),
      error: (message, fields) => logger.error(message, { ...known, ...fields }),
    },
    write: (status) => {
      const entry = {
        ...line,
        ...known,
        method: request.method,
        path: request.path,
        status,
        duration_ms: clock.millis() - started,
      };
      if (status >= 500) logger.error('request', entry);
      else logger.info('request', entry);
      written?.(answeredBy(line, request.path, status, entry.duration_ms));
    },
  };
}

function answeredBy(
  line: Readonly<Record<string, unknown>>,
  path: string,
  status: number,
  durationMs: number,
): Answered {
  const text = (name: string) => (typeof line[name] === 'string' ? line[name] : undefined);
  return {
    path,
    status,
    durationMs,
    operation: text('operation'),
    decision: text('decision'),
    failure: text('failure'),
    reason: text('reason'),
  };
}

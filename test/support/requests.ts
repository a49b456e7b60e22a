import type { RequestContext } from '../../functions/http/endpoint.ts';
import type { HttpRequest } from '../../functions/http/message.ts';

export type RequestParts = {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** A request value as `functions/http/event.ts` makes it. */
export function aRequest({ method = 'GET', path, query = '', headers, cookies, body = '' }: RequestParts): HttpRequest {
  return {
    method,
    path,
    query: [...new URLSearchParams(query)],
    rawQuery: query,
    headers: Object.assign(Object.create(null), headers),
    cookies: Object.assign(Object.create(null), cookies),
    body: Buffer.from(body),
    requestId: 'request-1',
  };
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' } as const;

export type Recorded = {
  readonly context: RequestContext;
  /** Every value that was logged, in order, as text: what must never contain a secret. */
  readonly text: () => string;
  readonly notes: string[];
  readonly warnings: string[];
};

/** A request's context whose log can be read afterwards. */
export function aContext(): Recorded {
  const lines: unknown[] = [];
  const notes: string[] = [];
  const warnings: string[] = [];
  const warn = (message: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push([message, fields]);
    warnings.push(message);
  };
  const context: RequestContext = {
    log: {
      add: (fields) => void lines.push(fields),
      note: (text) => {
        lines.push(text);
        notes.push(text);
      },
      operation: (name) => void lines.push(name),
      warn,
      error: warn,
    },
    requestId: 'request-1',
    deadline: 0,
    functionName: 'test',
  };
  return { context, text: () => JSON.stringify(lines), notes, warnings };
}

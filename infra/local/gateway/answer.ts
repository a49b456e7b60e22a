import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';
import { applyMappings, type MappingContext, type ResponseMappings } from './mapping.ts';

/** What goes out. Header names are lower-case; `problem` is for whoever watches, never for the wire. */
export type Answer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
  readonly problem?: string;
};

/** An answer of the gateway itself: always JSON with one fixed message. */
export function gatewayAnswer(status: number, message: string, problem?: string): Answer {
  return {
    status,
    headers: new Map([['content-type', 'application/json']]),
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** What a function whose answer is of no use leads to. */
export function internalServerError(problem: string): Answer {
  return gatewayAnswer(500, 'Internal Server Error', problem);
}

const StatusCode = z
  .union([z.int(), z.string().regex(/^\d{3}$/)])
  .transform(Number)
  .pipe(z.int().min(200).max(599));
const ResponseFormat = z.object({
  statusCode: StatusCode,
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Headers of a function that API Gateway gives another name, because on the wire they are its own to set. */
const RENAMED = new Set([
  'authorization',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
]);

/**
 * What a function's value means on the wire ("Lambda function response for format 2.0"): renamed headers first, then the
 * integration's mappings, so that a challenge reaches the client only through a header that is not renamed.
 */
export function toAnswer(payload: unknown, mappings: ResponseMappings, variables: MappingContext['variables']): Answer {
  if (typeof payload !== 'object' || payload === null || !('statusCode' in payload)) {
    const headers = new Map([['content-type', 'application/json']]);
    return { status: 200, headers, cookies: [], body: Buffer.from(JSON.stringify(payload ?? null)) };
  }
  const parsed = ResponseFormat.safeParse(payload);
  if (!parsed.success) {
    return internalServerError(`the function's response is malformed: ${z.prettifyError(parsed.error)}`);
  }
  const { statusCode, isBase64Encoded, cookies } = parsed.data;
  const body = Buffer.from(parsed.data.body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed.data.headers ?? {})) {
    const lower = name.toLowerCase();
    headers.set(RENAMED.has(lower) ? `x-amzn-remapped-${lower}` : lower, String(value));
  }
  if (body.length > 0 && !headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8');
  const mapped = applyMappings(mappings, { status: statusCode, headers }, { body, variables });
  const answer: Answer = { ...mapped, cookies: cookies ?? [], body };
  return unsendable(answer) ?? answer;
}

/** A name or value that HTTP cannot carry, such as one with a line break, would otherwise fail halfway through. */
function unsendable({ headers, cookies }: Answer): Answer | undefined {
  try {
    for (const [name, value] of headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    for (const cookie of cookies) validateHeaderValue('set-cookie', cookie);
    return undefined;
  } catch (error) {
    return internalServerError(
      `the function's response is malformed: ${error instanceof Error ? error.message : error}`,
    );
  }
}

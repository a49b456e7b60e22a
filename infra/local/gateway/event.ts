import type { IncomingMessage } from 'node:http';
import type { RoutePattern } from './routes.ts';

/** A request that is understood as far as API Gateway understands it before it chooses a route. */
export type Incoming = {
  readonly requestId: string;
  readonly method: string;
  /** Percent-decoded: an HTTP API hands the function the path it decoded, and matches that. */
  readonly path: string;
  readonly rawQuery: string;
  /** Lower-case names, repeated ones joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sourceIp: string;
  readonly port: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
};

/**
 * Understands a request's line and headers.
 *
 * @returns undefined when the target is not in origin form (RFC 9112 section 3.2.1) or not percent-encoded correctly
 */
export function readIncoming(
  request: IncomingMessage,
  { requestId, port, time }: { requestId: string; port: number; time: number },
): Incoming | undefined {
  const target = request.url ?? '';
  const question = target.indexOf('?');
  const path = decodePath(question < 0 ? target : target.slice(0, question));
  if (path === undefined || !path.startsWith('/')) return undefined;
  return {
    requestId,
    method: request.method ?? '',
    path,
    rawQuery: question < 0 ? '' : target.slice(question + 1),
    headers: readHeaders(request.rawHeaders),
    sourceIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port,
    time,
  };
}

function decodePath(path: string): string | undefined {
  try {
    // A decoded question mark ends the path: seen in captures of deployed HTTP APIs.
    return decodeURIComponent(path).split('?')[0];
  } catch {
    return undefined;
  }
}

function readHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]}${name === 'cookie' ? '; ' : ','}${value}`;
  }
  return headers;
}

/** Bytes of request line and header values together: what the limit of 10,240 is about ("Quotas for HTTP APIs"). */
export function sizeOfHead(request: IncomingMessage): number {
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  const values = request.rawHeaders.filter((_, index) => index % 2 === 1);
  return values.reduce((sum, value) => sum + Buffer.byteLength(value, 'latin1'), Buffer.byteLength(line, 'latin1'));
}

type Routed = {
  readonly pattern: RoutePattern;
  readonly parameters: Readonly<Record<string, string>>;
  readonly apiId: string;
  readonly accountId: string;
};

/** The event a function gets: AWS's payload format version 2.0. */
export function toEvent(incoming: Incoming, body: Buffer, { pattern, parameters, apiId, accountId }: Routed): unknown {
  const { cookie, ...headers } = incoming.headers;
  const query = incoming.rawQuery === '' ? undefined : readQuery(incoming.rawQuery);
  const isText = body.length === 0 || isTextual(headers['content-type']);
  const domainName = (headers.host ?? '').replace(/:\d+$/, '');
  return {
    version: '2.0',
    routeKey: pattern.key,
    rawPath: incoming.path,
    rawQueryString: incoming.rawQuery,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: { ...headers, ...forwarded(incoming) },
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: incoming.method,
        path: incoming.path,
        protocol: 'HTTP/1.1',
        sourceIp: incoming.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: incoming.requestId,
      routeKey: pattern.key,
      stage: '$default',
      time: commonLogTime(incoming.time),
      timeEpoch: incoming.time,
    },
    ...(Object.keys(parameters).length === 0 ? {} : { pathParameters: parameters }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  };
}

/** API Gateway appends the caller to what it was told of earlier ones, and says the rest itself. */
function forwarded({ headers, sourceIp, port }: Incoming): Record<string, string> {
  const earlier = headers['x-forwarded-for'];
  return {
    'x-forwarded-for': earlier === undefined ? sourceIp : `${earlier}, ${sourceIp}`,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
}

/** Decoded, repeated ones joined with commas: a lossy view, which is why functions parse `rawQueryString`. */
function readQuery(raw: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(raw)) {
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`;
  }
  return query;
}

const TEXTUAL = new Set(['application/json', 'application/xml', 'application/javascript']);

/** Every other body is base64, forms and bodies without a type among them: seen on deployed APIs, documented nowhere. */
function isTextual(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || TEXTUAL.has(type);
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `12/Mar/2026:19:03:58 +0000`, as CLF writes it. */
function commonLogTime(time: number): string {
  const date = new Date(time);
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`;
}

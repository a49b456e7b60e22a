import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AwsError } from '../aws/aws-error.ts';
import type { Outcome } from '../lambda/outcome.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import { type Answer, gatewayAnswer, internalServerError, toAnswer } from './answer.ts';
import { type Api, type Route, readApi } from './api.ts';
import { readBody } from './body.ts';
import { type Incoming, readIncoming, sizeOfHead, toEvent } from './event.ts';
import { isAddressedToLoopback, listenOnLoopback } from './loopback.ts';
import { type Match, matchRoute } from './routes.ts';

/** One request, after its answer is out. */
export type RequestReport = {
  readonly requestId: string;
  readonly method: string;
  /** Without the query: that may hold a code. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** Why the gateway answered by itself, where the client only learns "Internal Server Error". */
  readonly problem?: string;
};

export type GatewayOptions = {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  /** 0 for any free one. */
  readonly port: number;
  readonly invoke: (functionArn: string, event: unknown) => Promise<Outcome>;
  readonly onRequest: (report: RequestReport) => void;
};

export type Gateway = { readonly url: string; readonly port: number; readonly close: () => Promise<void> };

/** Bytes of request line and header values that an HTTP API takes. */
const LARGEST_HEAD = 10_240;
/** Bytes of body that an HTTP API takes. */
const LARGEST_BODY = 10 * 1024 * 1024;

/**
 * Runs the template's HTTP API on loopback: its routes, its throttling, payload 2.0, its response mapping.
 *
 * @throws Problem when the API holds anything that is not run here, PortTaken when the port is another program's
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const api = readApi(options.assembly, options.resolver);
  const running: Running = { api, invoke: options.invoke, onRequest: options.onRequest };
  const serve = (request: IncomingMessage, response: ServerResponse) => void respond(request, response, running);
  // Node's own limit lies above API Gateway's, so that the one that is met is the one that is deployed.
  const loopback = await listenOnLoopback(options.port, { maxHeaderSize: 8 * LARGEST_HEAD }, serve, refuseGarbage);
  return { url: `http://localhost:${loopback.port}`, port: loopback.port, close: loopback.close };
}

type Running = Pick<GatewayOptions, 'invoke' | 'onRequest'> & { readonly api: Api };

async function respond(request: IncomingMessage, response: ServerResponse, running: Running): Promise<void> {
  const started = performance.now();
  // As API Gateway's: sixteen characters that are safe in a header, a page and a log.
  const requestId = randomBytes(12).toString('base64url');
  const answer = await answerTo(request, requestId, running).catch((error: unknown) =>
    internalServerError(error instanceof Error ? error.message : String(error)),
  );
  send(response, answer, requestId);
  running.onRequest({
    requestId,
    method: request.method ?? '',
    path: (request.url ?? '').split('?')[0] ?? '',
    status: answer.status,
    durationMs: performance.now() - started,
    ...(answer.problem === undefined ? {} : { problem: answer.problem }),
  });
}

async function answerTo(request: IncomingMessage, requestId: string, running: Running): Promise<Answer> {
  const { api } = running;
  const port = request.socket.localPort ?? 0;
  if (!isAddressedToLoopback(request)) {
    return gatewayAnswer(421, `This server answers to localhost:${port}, 127.0.0.1:${port} and [::1]:${port} only`);
  }
  if (request.httpVersion !== '1.1') return gatewayAnswer(505, 'HTTP Version Not Supported');
  if (sizeOfHead(request) > LARGEST_HEAD) return gatewayAnswer(431, 'Request Header Fields Too Large');
  const incoming = readIncoming(request, { requestId, port, time: Date.now() });
  if (!incoming) return gatewayAnswer(400, 'Bad Request');
  const match = matchRoute(api.routes, incoming.method, incoming.path);
  if (!match) return gatewayAnswer(404, 'Not Found');
  if (!match.route.throttle.admit()) return gatewayAnswer(429, 'Too Many Requests');
  const body = await readBody(request, LARGEST_BODY);
  if (!body) return gatewayAnswer(413, 'Request Entity Too Large');
  return integrate(incoming, body, match, running);
}

async function integrate(
  incoming: Incoming,
  body: Buffer,
  { route, parameters }: Match<Route>,
  { api, invoke }: Running,
): Promise<Answer> {
  const { functionArn, timeout, mappings } = route.integration;
  const name = functionArn.split(':').at(-1);
  const event = toEvent(incoming, body, {
    pattern: route.pattern,
    parameters,
    apiId: api.id,
    accountId: api.accountId,
  });
  const outcome = await within(timeout, invoke(functionArn, event)).catch((error: unknown) => {
    if (error instanceof AwsError) return error;
    throw error;
  });
  if (outcome === undefined) {
    return gatewayAnswer(503, 'Service Unavailable', `${name} did not answer within ${timeout / 1000} s`);
  }
  if (outcome instanceof AwsError) return refusedByLambda(outcome);
  if (outcome.error) return internalServerError(`${name}: ${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  return toAnswer(outcome.payload, mappings, contextVariables(incoming, route, api));
}

function refusedByLambda({ code, message }: AwsError): Answer {
  const problem = `${code}: ${message}`;
  if (code === 'RequestTooLargeException') return gatewayAnswer(413, 'Request Entity Too Large', problem);
  if (code === 'TooManyRequestsException') return gatewayAnswer(503, 'Service Unavailable', problem);
  return internalServerError(problem);
}

/** The value, or undefined when it takes more than `milliseconds`; what was started goes on, as on AWS. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function contextVariables(incoming: Incoming, route: Route, api: Api): Readonly<Record<string, string>> {
  return {
    accountId: api.accountId,
    apiId: api.id,
    domainName: (incoming.headers.host ?? '').replace(/:\d+$/, ''),
    httpMethod: incoming.method,
    'identity.sourceIp': incoming.sourceIp,
    'identity.userAgent': incoming.headers['user-agent'] ?? '',
    path: incoming.path,
    protocol: 'HTTP/1.1',
    requestId: incoming.requestId,
    requestTimeEpoch: String(incoming.time),
    routeKey: route.pattern.key,
    stage: '$default',
  };
}

function send(response: ServerResponse, { status, headers, cookies, body }: Answer, requestId: string): void {
  for (const [name, value] of headers) response.setHeader(name, value);
  const own = headers.get('set-cookie');
  if (cookies.length > 0) response.setHeader('set-cookie', own === undefined ? [...cookies] : [own, ...cookies]);
  response.setHeader('apigw-requestid', requestId);
  const bodyless = status === 204 || status === 304;
  if (!bodyless) response.setHeader('content-length', body.length);
  response.writeHead(status);
  response.end(bodyless ? undefined : body);
}

/** What is no HTTP at all, or whose headers Node does not even read, gets an answer and no more. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const line = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const body = JSON.stringify({ message: line.slice(4) });
  socket.end(
    `HTTP/1.1 ${line}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

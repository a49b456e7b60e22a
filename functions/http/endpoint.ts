import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Answered } from '../core/metrics/metric.ts';
import type { Clock } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { toRequest, toResult } from './event.ts';
import { ALWAYS } from './headers.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { lockedOut, type OriginLock } from './origin-lock.ts';
import { openRequestLine, type RequestLine, type RequestLog } from './request-line.ts';
import { json } from './respond.ts';
import { switchedOff } from './switched-off.ts';

export type { RequestLog } from './request-line.ts';

export type RequestContext = {
  readonly log: RequestLog;
  readonly requestId: string;
  /** When this invocation ends, in milliseconds since the epoch. */
  readonly deadline: number;
  readonly functionName: string;
};

export type Handle = (request: HttpRequest, context: RequestContext) => Promise<HttpResponse>;

export type EndpointOptions = {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Largest body in bytes; more is 413 before the handler sees any of it. */
  readonly maxBody: number;
  /** Refuses who did not come through CloudFront; absent where nothing stands in front of the API. */
  readonly lock?: OriginLock | undefined;
  /** False when the operator switched this stack off: every request is refused, before anything else. @default true */
  readonly serving?: boolean;
  /** Counts each answer. @default - nothing is counted */
  readonly answered?: (answered: Answered) => void;
};

type Event = APIGatewayProxyEventV2;
type Answer = APIGatewayProxyStructuredResultV2;
export type LambdaHandler = (event: Event, context: Context) => Promise<Answer>;

/** A refusal decided by a middleware. It is thrown, because middy skips every `after` when a `before` returns early. */
class Refusal extends Error {
  readonly response: HttpResponse;

  constructor(response: HttpResponse) {
    super(`refused with ${response.status}`);
    this.response = response;
  }
}

/** One request from its event to its answer. */
type Exchange = { readonly request: HttpRequest; readonly admitted: boolean; readonly line: RequestLine };

/**
 * The one middy stack in front of every handler that API Gateway calls: log context, the canonical request line, the
 * error boundary, the kill switch, the origin lock, the body limit. Whatever is thrown becomes a 500 that tells the caller
 * a request id and nothing else.
 */
export function endpoint(options: EndpointOptions, handle: Handle): LambdaHandler {
  const exchanges = new WeakMap<Event, Exchange>();
  const exchangeOf = (event: Event): Exchange => {
    const known = exchanges.get(event);
    if (known) return known;
    const received = toRequest(event);
    const admission = options.lock?.admit(received) ?? ok(received);
    const request = admission.ok ? admission.value : received;
    const line = openRequestLine(options.logger, options.clock, request, options.answered);
    const opened = { request, admitted: admission.ok, line };
    exchanges.set(event, opened);
    return opened;
  };

  const handler = middy<Event, Answer>()
    .use(injectLambdaContext(options.logger, { resetKeys: true }) as MiddlewareObj<Event, Answer>)
    .use(requestLine(exchangeOf))
    .use(killSwitch(exchangeOf, options.serving ?? true))
    .use(locked(exchangeOf))
    .use(bodyLimit(exchangeOf, options.maxBody))
    .handler(async (event: Event, lambda: Context) => {
      const { request, line } = exchangeOf(event);
      const response = await handle(request, {
        log: line.log,
        requestId: request.requestId,
        deadline: options.clock.millis() + lambda.getRemainingTimeInMillis(),
        functionName: lambda.functionName,
      });
      return toResult(response);
    });
  return handler as unknown as LambdaHandler;
}

/** Outermost of ours: what it does in `after` and `onError` happens to every answer, refusals and crashes included. */
function requestLine(exchangeOf: (event: Event) => Exchange): MiddlewareObj<Event, Answer> {
  return {
    before: ({ event }) => {
      exchangeOf(event);
    },
    after: (invocation) => {
      const answer = invocation.response ?? toResult(json(500, { error: 'server_error' }));
      invocation.response = { ...answer, headers: { ...ALWAYS, ...answer.headers } };
      exchangeOf(invocation.event).line.write(answer.statusCode ?? 500);
    },
    onError: (invocation) => {
      const exchange = exchangeOf(invocation.event);
      const { error } = invocation;
      const response = error instanceof Refusal ? error.response : crashed(exchange, error);
      const answer = toResult(response);
      invocation.response = { ...answer, headers: { ...ALWAYS, ...answer.headers } };
      exchange.line.write(response.status);
    },
  };
}

function crashed({ request, line }: Exchange, error: unknown): HttpResponse {
  line.log.error('unexpected error', { error });
  line.log.note('unexpected error; see the log line before this one');
  return json(500, {
    error: 'server_error',
    error_description: `Something went wrong on our side. Quote request id ${request.requestId} when you ask for help.`,
    request_id: request.requestId,
  });
}

/** A configuration value and no call: it works when nothing else of the stack does. */
function killSwitch(exchangeOf: (event: Event) => Exchange, serving: boolean): MiddlewareObj<Event, Answer> {
  return {
    before: ({ event }) => {
      if (serving) return;
      const { line } = exchangeOf(event);
      line.log.add({ reason: 'switched-off' });
      line.log.note('refused: the operator switched this server off');
      throw new Refusal(switchedOff());
    },
  };
}

/** Before anything is done with a request, but inside its log line. */
function locked(exchangeOf: (event: Event) => Exchange): MiddlewareObj<Event, Answer> {
  return {
    before: ({ event }) => {
      const { admitted, line } = exchangeOf(event);
      if (admitted) return;
      line.log.add({ reason: 'not-through-the-edge' });
      line.log.note('refused: it did not come through CloudFront');
      throw new Refusal(lockedOut());
    },
  };
}

function bodyLimit(exchangeOf: (event: Event) => Exchange, maxBody: number): MiddlewareObj<Event, Answer> {
  return {
    before: ({ event }) => {
      if (exchangeOf(event).request.body.length <= maxBody) return;
      const error_description = `The request body may be at most ${maxBody} bytes.`;
      throw new Refusal(json(413, { error: 'invalid_request', error_description }));
    },
  };
}

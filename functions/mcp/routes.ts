import type { McpEngine } from '../adapters/mcp-engine.ts';
import type { Caller, Clock } from '../core/ports.ts';
import { ok, type Result, refuse, unreachable } from '../core/result.ts';
import type { Offered } from '../core/tools/audited.ts';
import { authorize, reachOf } from '../core/tools/authorize.ts';
import { type RecordedCall, record } from '../core/tools/record.ts';
import type { VerifiedToken, VerifyToken } from '../core/tools/token.ts';
import { authenticate } from '../http/bearer.ts';
import type { Handle, RequestContext } from '../http/endpoint.ts';
import { type McpRefusal, mcpRefusal, noteOf, type ScopeRefusal } from '../http/mcp-errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { createOriginGate } from '../http/origin.ts';
import { type NamedCall, namedCall } from './named-call.ts';
import { type OfferPorts, offer } from './offer.ts';
import { readMessage } from './read-message.ts';

export type McpPorts = OfferPorts & {
  /** Where this server is. The resource is `<issuer>/mcp`. */
  readonly issuer: string;
  /** What a client without a token is told to ask for. */
  readonly defaultScopes: readonly string[];
  /** Web origins that may call from a browser. None unless they are named. */
  readonly allowedOrigins?: readonly string[];
  readonly verify: VerifyToken;
  readonly engine: McpEngine;
  readonly clock: Clock;
};

type Answer = Result<HttpResponse, McpRefusal>;
type Signed = VerifiedToken & { readonly token: string };
type Target = NonNullable<NamedCall['target']>;

/** Longest a call may run, in milliseconds, and what is kept back of the invocation to answer in. */
const RUN_LIMIT = 25_000;
const ANSWER_TIME = 1_000;

/**
 * POST /mcp. The order is the security: where the request came from, whose token it carries, and only then its method
 * and its body; then whether the token may make this call; then the protocol.
 */
export function createMcpRoutes(ports: McpPorts): Handle {
  const origins = createOriginGate(ports.issuer, ports.allowedOrigins);
  const ready = ports.engine.warmUp();
  // Awaited by each request, which then fails loudly; unhandled until the first one comes, it would end the process.
  ready.catch(() => undefined);

  const admit = async (request: HttpRequest, context: RequestContext): Promise<Answer> => {
    const home = origins.check(request);
    if (!home.ok) return home;
    const preflight = origins.preflight(request);
    if (preflight) return ok(preflight);
    const signed = authenticate(request, ports.verify);
    if (!signed.ok) return refuse({ reason: 'unauthorized', because: signed.error });
    const { caller } = signed.value;
    context.log.add({ client_id: caller.clientId, subject: caller.subject, jti: caller.tokenId });
    if (request.method !== 'POST') return refuse({ reason: 'wrong-method', method: request.method });
    const message = readMessage(request);
    if (!message.ok) return message;
    const named = namedCall(message.value);
    context.log.operation(operationOf(ports, named));
    const allowed = await judgeScope(ports, named, caller, context);
    if (!allowed.ok) return allowed;
    await ready;
    return ok(await serve(ports, request, message.value, signed.value, context));
  };

  return async (request, context) => {
    const answer = await admit(request, context);
    if (answer.ok) return origins.readable(request, answer.value);
    context.log.add({ refusal: answer.error });
    context.log.note(noteOf(answer.error));
    return origins.readable(request, mcpRefusal(answer.error, ports));
  };
}

function operationOf(ports: McpPorts, { method, target }: NamedCall): string {
  if (!target) return method;
  return `${method} ${find(ports, target)?.name ?? `(unknown ${target.kind})`}`;
}

function find({ registry, resources, prompts }: McpPorts, { kind, name }: Target): Offered | undefined {
  switch (kind) {
    case 'tool':
      return registry.find(name);
    case 'resource':
      return resources.find(name)?.resource;
    case 'prompt':
      return prompts.find(name);
    default:
      return unreachable(kind);
  }
}

/**
 * A call that the person may make but this token may not is answered before the engine, with the challenge that lets a
 * client step up. Everything else, also a call that no consent could allow, is the engine's to answer.
 */
async function judgeScope(
  ports: McpPorts,
  { target }: NamedCall,
  caller: Caller,
  { requestId, log }: RequestContext,
): Promise<Result<undefined, McpRefusal>> {
  const { policy, audit } = ports;
  const offered = target && find(ports, target);
  if (!offered) return ok(undefined);
  const allowed = authorize(policy, caller, offered);
  if (allowed.ok || allowed.error.reason !== 'insufficient-scope') return ok(undefined);
  const { reason, needs, missing } = allowed.error;
  const call = { ...recordedAs(target), caller, requestId, log };
  const recorded = await record(audit, call, offered, { phase: 'call', decision: 'denied', reason });
  if (!recorded) return refuse({ reason: 'not-recorded' });
  const held = [...caller.scopes].filter((scope) => reachOf(policy, caller.roles)?.has(scope)).sort();
  const refusal: ScopeRefusal = { reason, scopes: [...new Set([...needs, ...held])], missing };
  return refuse(refusal);
}

/** As the runners record it too, so that a refused read is found under the arguments of an allowed one. */
function recordedAs({ kind, name, input }: Target): Pick<RecordedCall, 'kind' | 'name' | 'arguments'> {
  if (kind === 'tool') return { name, arguments: input };
  return { kind, name, arguments: kind === 'resource' ? { uri: name } : input };
}

async function serve(
  ports: McpPorts,
  request: HttpRequest,
  message: object,
  { caller, token }: Signed,
  { requestId, log, deadline }: RequestContext,
): Promise<HttpResponse> {
  const time = Math.min(RUN_LIMIT, deadline - ports.clock.millis() - ANSWER_TIME);
  const signal = AbortSignal.timeout(Math.max(time, 1));
  const offered = offer(ports, { caller, token, requestId, signal, log });
  const { status, headers, body } = await ports.engine.serve({ headers: request.headers, message, log, ...offered });
  return { status, headers: { ...headers, 'cache-control': 'no-store' }, body };
}

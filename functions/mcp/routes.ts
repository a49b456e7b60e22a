import type { McpEngine } from '../adapters/mcp-engine.ts';
import type { Caller, Clock } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { outcomeOf } from '../core/tools/answer.ts';
import { authorize, reachOf } from '../core/tools/authorize.ts';
import { type CallPorts, callTool } from '../core/tools/call.ts';
import { record } from '../core/tools/record.ts';
import type { VerifiedToken, VerifyToken } from '../core/tools/token.ts';
import { visibleTools } from '../core/tools/visible.ts';
import { authenticate } from '../http/bearer.ts';
import type { Handle, RequestContext } from '../http/endpoint.ts';
import { type McpRefusal, mcpRefusal, noteOf, type ScopeRefusal } from '../http/mcp-errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { createOriginGate } from '../http/origin.ts';
import type { RequestLog } from '../http/request-line.ts';
import { type NamedCall, namedCall } from './named-call.ts';
import { readMessage } from './read-message.ts';

export type McpPorts = CallPorts & {
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

/** Longest a tool may run, in milliseconds, and what is kept back of the invocation to answer in. */
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

function operationOf({ registry }: McpPorts, { method, tool }: NamedCall): string {
  if (tool === undefined) return method;
  return `${method} ${registry.find(tool) ? tool : '(unknown tool)'}`;
}

/**
 * A call that the person may make but this token may not is answered before the engine, with the challenge that lets a
 * client step up. Everything else, also a call that no consent could allow, is the engine's to answer.
 */
async function judgeScope(
  { registry, policy, audit }: McpPorts,
  { tool: name, input }: NamedCall,
  caller: Caller,
  { requestId, log }: RequestContext,
): Promise<Result<undefined, McpRefusal>> {
  const tool = name === undefined ? undefined : registry.find(name);
  if (!tool) return ok(undefined);
  const allowed = authorize(policy, caller, tool);
  if (allowed.ok || allowed.error.reason !== 'insufficient-scope') return ok(undefined);
  const { reason, needs, missing } = allowed.error;
  const call = { name: tool.name, arguments: input, caller, requestId, log };
  const recorded = await record(audit, call, tool, { phase: 'call', decision: 'denied', reason });
  if (!recorded) return refuse({ reason: 'not-recorded' });
  const held = [...caller.scopes].filter((scope) => reachOf(policy, caller.roles)?.has(scope)).sort();
  const refusal: ScopeRefusal = { reason, scopes: [...new Set([...needs, ...held])], missing };
  return refuse(refusal);
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
  const { status, headers, body } = await ports.engine.serve({
    headers: request.headers,
    message,
    tools: visibleTools(ports.registry, ports.policy, caller),
    log,
    call: async (name, input) => {
      const answer = await callTool(ports, { name, arguments: input, caller, token, requestId, signal, log });
      tell(log, caller.subject, answer);
      return answer;
    },
  });
  return { status, headers: { ...headers, 'cache-control': 'no-store' }, body };
}

/** What came of a call: for the terminal, and for whoever asks the log how many rows somebody was given. */
function tell(log: RequestLog, subject: string, answer: Awaited<ReturnType<typeof callTool>>): void {
  const { failure, rows } = answer.ok ? outcomeOf(answer.value) : { failure: 'there is no tool of this name', rows: 0 };
  if (failure === undefined) log.add({ rows });
  log.note(failure === undefined ? `${subject}   ${rows} ${rows === 1 ? 'row' : 'rows'}` : `${subject}: ${failure}`);
}

import { canonicalJson } from '../audit/canonical.ts';
import type { Caller, Clock, Row, SqlFailure, Statement } from '../ports.ts';
import type { Result } from '../result.ts';
import type { AppendAudit, Judgement } from './audited.ts';
import { authorize, type Policy } from './authorize.ts';
import { writeSql } from './bound-sql.ts';
import { type ToolLog, userOf, type WriteContext } from './context.ts';
import type { FailureCode } from './failure.ts';
import { readInput } from './input.ts';
import { callMac, NotOnce, type Performed, performOnce } from './perform-once.ts';
import { failureOf, produce } from './produce.ts';
import { type RecordedCall, record } from './record.ts';
import type { RegisteredTool, Registry } from './registry.ts';
import type { VerifyToken } from './token.ts';

/** What the write function is asked. The token is the only proof of who asks: there is no field for claims. */
export type WriteRequest = {
  readonly token: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly requestId: string;
};

/** What it answers: a plain value for the fence, or a code. Never a text. */
export type WriteOutcome =
  | { readonly status: 'done'; readonly value: object }
  | { readonly status: 'failed'; readonly code: FailureCode };

/** Runs one statement inside the open transaction. */
export type Execute = (statement: Statement) => Promise<Result<readonly Row[], SqlFailure>>;

/** How a transaction ended. `unknown`: the commit was sent and its answer never came. */
export type Transacted<T> =
  | { readonly end: 'committed'; readonly value: T }
  | { readonly end: 'rolled-back'; readonly error: unknown }
  | { readonly end: 'unknown'; readonly error: unknown };

/**
 * Runs `work` in one transaction as `mcp_writer`, under the caller's signed row context: commits when it resolves, rolls
 * back with its error when it throws. Does not throw itself.
 */
export type Transact = <T>(
  caller: Caller,
  work: (execute: Execute) => Promise<T>,
  signal: AbortSignal,
) => Promise<Transacted<T>>;

export type WritePorts = {
  readonly registry: Registry;
  readonly policy: Policy;
  readonly verify: VerifyToken;
  readonly audit: AppendAudit;
  readonly transact: Transact;
  /** The key under which calls are hashed, to tell a repeated call from another one. */
  readonly callKey: () => Promise<Uint8Array>;
  readonly clock: Pick<Clock, 'millis'>;
};

/**
 * One call of a write tool, decided from nothing but the token: who asks, whether the tool writes, whether they may,
 * whether the input fits. The intent is durable before the first statement; when the outcome cannot be recorded the
 * answer is that the outcome is unknown, which is then true of the log.
 *
 * A request id takes effect once for each person: the same call again gets the answer of the first time, and another
 * call under it is refused.
 */
export async function performWrite(
  ports: WritePorts,
  request: WriteRequest,
  { signal, log }: { readonly signal: AbortSignal; readonly log: ToolLog },
): Promise<WriteOutcome> {
  const verified = ports.verify(request.token);
  if (!verified.ok) {
    log.warn('a write was asked for with a token that does not verify', { refusal: verified.error });
    return failed('token_refused');
  }
  const { caller } = verified.value;
  log.add({ client_id: caller.clientId, subject: caller.subject, jti: caller.tokenId });
  const call = { name: request.tool, arguments: request.arguments, caller, requestId: request.requestId, log };
  const judged = judge(ports, call);
  if (!judged.ok) {
    const { code, ...judgement } = judged.error;
    const recorded = await record(ports.audit, call, ports.registry.find(call.name), { phase: 'call', ...judgement });
    return failed(recorded ? code : 'audit_unavailable');
  }
  const { tool } = judged.value;
  const intended = await record(ports.audit, call, tool, { phase: 'intent', decision: 'allowed' });
  if (!intended) return failed('audit_unavailable');
  return carryOut(ports, call, judged.value, signal);
}

type Refusal = { readonly decision: 'denied' | 'invalid'; readonly reason: string; readonly code: FailureCode };

/** A call that may be made; `canonical` are its arguments as they were sent, as canonical JSON. */
type Accepted = { readonly tool: RegisteredTool; readonly input: object; readonly canonical: string };

/** Everything that can be said about a call before anything happens. */
function judge(ports: WritePorts, call: RecordedCall): Result<Accepted, Refusal> {
  const deny = (reason: string, code: FailureCode): Result<never, Refusal> => ({
    ok: false,
    error: { decision: code === 'invalid_arguments' ? 'invalid' : 'denied', reason, code },
  });
  const tool = ports.registry.find(call.name);
  if (!tool) return deny('unknown-tool', 'tool_failed');
  if (tool.access !== 'write') return deny('not-a-write-tool', 'tool_failed');
  const allowed = authorize(ports.policy, call.caller, tool);
  if (!allowed.ok) return deny(allowed.error.reason, 'access_denied');
  if (tool.approval === 'required') return deny('not-approved', 'approval_unavailable');
  const input = readInput(tool, call.arguments);
  const canonical = canonicalJson(call.arguments);
  if (!input.ok || !canonical.ok) return deny('arguments', 'invalid_arguments');
  return { ok: true, value: { tool, input: input.value, canonical: canonical.value } };
}

async function carryOut(
  ports: WritePorts,
  call: RecordedCall,
  { tool, input, canonical }: Accepted,
  signal: AbortSignal,
): Promise<WriteOutcome> {
  const { caller, log, requestId } = call;
  const started = ports.clock.millis();
  let rows = 0;
  const ended = await ports.transact(
    caller,
    async (execute) => {
      const counted: Execute = async (statement) => {
        const answer = await execute(statement);
        if (answer.ok) rows += answer.value.length;
        return answer;
      };
      const context: WriteContext = { user: userOf(caller), log, signal, requestId, sql: writeSql(tool, counted) };
      const mac = callMac(await ports.callKey(), tool.name, caller.subject, canonical);
      return performOnce(execute, { requestId, mac }, () => produce(tool, input, context));
    },
    signal,
  );
  const code = codeOf(ended, signal, log);
  const reason = code ?? (ended.end === 'committed' && ended.value.repeated ? 'answered_before' : undefined);
  const recorded = await record(ports.audit, call, tool, {
    phase: 'outcome',
    decision: decisionOf(ended, code),
    rows,
    durationMs: ports.clock.millis() - started,
    ...(reason === undefined ? {} : { reason }),
  });
  if (!recorded) return failed('outcome_unknown');
  return ended.end === 'committed' ? { status: 'done', value: ended.value.value } : failed(code ?? 'tool_failed');
}

function decisionOf(ended: Transacted<Performed>, code: FailureCode | undefined): Judgement['decision'] {
  if (ended.end === 'unknown') return 'unknown';
  if (code === 'request_replayed') return 'denied';
  return code === undefined ? 'allowed' : 'failed';
}

/** Why there is nothing to return, or undefined when there is. */
function codeOf(ended: Transacted<Performed>, signal: AbortSignal, log: ToolLog): FailureCode | undefined {
  if (ended.end === 'committed') return undefined;
  if (ended.end === 'rolled-back') {
    return ended.error instanceof NotOnce ? ended.error.code : failureOf(ended.error, signal, log);
  }
  log.error('the commit was sent and its answer never came: somebody has to look', { error: ended.error });
  return 'outcome_unknown';
}

function failed(code: FailureCode): WriteOutcome {
  return { status: 'failed', code };
}

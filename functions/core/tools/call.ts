import type { Caller, SqlReader } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { failureAnswer, resultAnswer, type ToolAnswer } from './answer.ts';
import type { AppendAudit } from './audited.ts';
import { authorize, type Policy } from './authorize.ts';
import { readSql } from './bound-sql.ts';
import { type ReadContext, type ToolLog, userOf } from './context.ts';
import type { CallFailure } from './failure.ts';
import { readInput } from './input.ts';
import { failureOf, produce } from './produce.ts';
import { record } from './record.ts';
import type { RegisteredTool, Registry } from './registry.ts';
import type { WriteOutcome, WriteRequest } from './write.ts';

export type CallPorts = {
  readonly registry: Registry;
  readonly policy: Policy;
  readonly audit: AppendAudit;
  readonly read: SqlReader;
  /** Hands a call to the write function, which decides everything again. Rejects only when nobody knows what happened. */
  readonly write: (request: WriteRequest, signal: AbortSignal) => Promise<WriteOutcome>;
  /** 32 new hexadecimal digits for each fence. */
  readonly nonce: () => string;
};

/** One tools/call of one verified caller. */
export type ToolCall = {
  readonly name: string;
  readonly arguments: unknown;
  readonly caller: Caller;
  /** The caller's token, for the write function alone, which verifies it again. */
  readonly token: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly log: ToolLog;
};

/**
 * Runs a tool for a caller: may they, does the input fit, run it, record it, fence the result. Whatever the end, its
 * audit row is durable before the answer is given, and an exception never becomes one.
 */
export async function callTool(
  ports: CallPorts,
  call: ToolCall,
): Promise<Result<ToolAnswer, { readonly reason: 'unknown-tool' }>> {
  const tool = ports.registry.find(call.name);
  if (!tool) {
    const recorded = await record(ports.audit, call, undefined, {
      phase: 'call',
      decision: 'invalid',
      reason: 'unknown-tool',
    });
    return recorded ? refuse({ reason: 'unknown-tool' }) : ok(failed(ports, call, { code: 'audit_unavailable' }));
  }
  const outcome = await run(ports, call, tool);
  return ok(outcome.ok ? resultAnswer(tool, outcome.value, ports.nonce()) : failed(ports, call, outcome.error));
}

function failed(ports: CallPorts, call: ToolCall, failure: CallFailure): ToolAnswer {
  call.log.add({ failure: failure.code });
  return failureAnswer(failure, call.requestId, ports.nonce());
}

type Outcome = Result<object, CallFailure>;

async function run(ports: CallPorts, call: ToolCall, tool: RegisteredTool): Promise<Outcome> {
  const allowed = authorize(ports.policy, call.caller, tool);
  if (!allowed.ok) {
    const { reason } = allowed.error;
    const recorded = await record(ports.audit, call, tool, { phase: 'call', decision: 'denied', reason });
    return refuse({ code: recorded ? 'access_denied' : 'audit_unavailable' });
  }
  const input = readInput(tool, call.arguments ?? {});
  if (!input.ok) {
    const recorded = await record(ports.audit, call, tool, {
      phase: 'call',
      decision: 'invalid',
      reason: 'arguments',
    });
    if (!recorded) return refuse({ code: 'audit_unavailable' });
    return refuse({ code: 'invalid_arguments', details: input.error });
  }
  return tool.access === 'read' ? runRead(ports, call, tool, input.value) : runWrite(ports, call, tool);
}

/**
 * The audit row is written while the tool runs, and nothing of the result is used before the row is durable. When the
 * row fails the tool is stopped: nobody will be given what it finds.
 */
async function runRead(ports: CallPorts, call: ToolCall, tool: RegisteredTool, input: object): Promise<Outcome> {
  const { caller, log } = call;
  const unrecorded = new AbortController();
  const signal = AbortSignal.any([call.signal, unrecorded.signal]);
  const sql = readSql(tool, (statement) => ports.read(caller, statement, signal));
  const context: ReadContext = { user: userOf(caller), log, signal, sql };
  const produced = produce(tool, input, context).then(
    (value): Outcome => ok(value),
    (error): Outcome => refuse({ code: failureOf(error, signal, log) }),
  );
  const recorded = record(ports.audit, call, tool, { phase: 'call', decision: 'allowed' }).then((durable) => {
    if (!durable) unrecorded.abort(new Error('the call was not recorded'));
    return durable;
  });
  const [outcome, durable] = await Promise.all([produced, recorded]);
  return durable ? outcome : refuse({ code: 'audit_unavailable' });
}

/** The write function records intent and outcome itself; what comes back is a plain value, like a read tool's. */
async function runWrite(ports: CallPorts, call: ToolCall, tool: RegisteredTool): Promise<Outcome> {
  const { token, requestId, log, signal } = call;
  log.add({ tool: tool.name, decision: 'handed to the write function' });
  const request = { token, tool: tool.name, arguments: call.arguments ?? {}, requestId };
  try {
    const outcome = await ports.write(request, signal);
    return outcome.status === 'done' ? ok(outcome.value) : refuse({ code: outcome.code });
  } catch (error) {
    log.error('the write function gave no answer', { error });
    return refuse({ code: 'outcome_unknown' });
  }
}

import { ok, type Result, refuse } from '../result.ts';
import { admit, type ReadPorts, type Requested, runRecorded } from './admit.ts';
import { failureAnswer, resultAnswer, type ToolAnswer } from './answer.ts';
import type { Produced } from './cut.ts';
import type { CallFailure } from './failure.ts';
import { readInput } from './input.ts';
import { produce } from './produce.ts';
import { record } from './record.ts';
import type { RegisteredTool, Registry } from './registry.ts';
import type { WriteOutcome, WriteRequest } from './write.ts';

export type CallPorts = ReadPorts & {
  readonly registry: Registry;
  /** Hands a call to the write function, which decides everything again. Rejects only when nobody knows what happened. */
  readonly write: (request: WriteRequest, signal: AbortSignal) => Promise<WriteOutcome>;
};

/** One tools/call of one verified caller. */
export type ToolCall = Requested & {
  /** The caller's token, for the write function alone, which verifies it again. */
  readonly token: string;
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
  return ok(
    outcome.ok
      ? resultAnswer(tool, outcome.value, { nonce: ports.nonce(), links: ports.links })
      : failed(ports, call, outcome.error),
  );
}

function failed(ports: CallPorts, call: ToolCall, failure: CallFailure): ToolAnswer {
  call.log.add({ failure: failure.code });
  return failureAnswer(failure, call.requestId, ports.nonce());
}

type Outcome = Result<Produced<object>, CallFailure>;

async function run(ports: CallPorts, call: ToolCall, tool: RegisteredTool): Promise<Outcome> {
  const input = await admit(ports, call, tool, () => readInput(tool, call.arguments ?? {}));
  if (!input.ok) return input;
  if (tool.access === 'write') return runWrite(ports, call, tool);
  return runRecorded(ports, call, tool, (context) => produce(tool, input.value, context));
}

/** The write function records intent and outcome itself; what comes back is a plain value, like a read tool's. */
async function runWrite(ports: CallPorts, call: ToolCall, tool: RegisteredTool): Promise<Outcome> {
  const { token, requestId, log, signal } = call;
  log.add({ tool: tool.name, decision: 'handed to the write function' });
  const request = { token, tool: tool.name, arguments: call.arguments ?? {}, requestId };
  try {
    const outcome = await ports.write(request, signal);
    return outcome.status === 'done' ? ok({ value: outcome.value, notes: [] }) : refuse({ code: outcome.code });
  } catch (error) {
    log.error('the write function gave no answer', { error });
    return refuse({ code: 'outcome_unknown' });
  }
}

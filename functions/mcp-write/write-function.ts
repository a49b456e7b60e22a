import type { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Clock } from '../core/ports.ts';
import { performWrite, type WriteOutcome, type WritePorts } from '../core/tools/write.ts';
import { openRequestLine } from '../http/request-line.ts';

export type WriteFunctionPorts = WritePorts & { readonly logger: Logger; readonly clock: Clock };

export type WriteFunction = (event: unknown, context: Context) => Promise<WriteOutcome>;

/** Exactly these four. Claims beside the token, or instead of it, make the event another shape and are refused. */
const event = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(8192)),
  tool: z.string().check(z.minLength(1), z.maxLength(64)),
  arguments: z.unknown(),
  requestId: z.string().check(z.regex(/^[\x21-\x7e]{1,128}$/)),
});

/** Longest a write may run, in milliseconds, and what is kept back of the invocation to record and answer in. */
const RUN_LIMIT = 20_000;
const ANSWER_TIME = 3_000;

/**
 * The function behind every tool that writes. It is invoked by name and reached by no route, and still decides everything
 * from the token, because whoever may invoke it could send anything. What it was sent is never logged.
 */
export function createWriteFunction(ports: WriteFunctionPorts): WriteFunction {
  return async (sent, context) => {
    const parsed = z.safeParse(event, sent);
    const requestId = parsed.success ? parsed.data.requestId : context.awsRequestId;
    const line = openRequestLine(ports.logger, ports.clock, { requestId, method: 'INVOKE', path: 'mcp-write' });
    if (!parsed.success) {
      line.log.note('refused: the event is not a call of a tool');
      line.write(400);
      return { status: 'failed', code: 'tool_failed' };
    }
    const request = { ...parsed.data, arguments: parsed.data.arguments ?? {} };
    const known = ports.registry.find(request.tool);
    line.log.operation(`tools/call ${known?.name ?? '(unknown tool)'}`);
    const time = Math.min(RUN_LIMIT, context.getRemainingTimeInMillis() - ANSWER_TIME);
    try {
      const signal = AbortSignal.timeout(Math.max(time, 1));
      const outcome = await performWrite(ports, request, { signal, log: line.log });
      line.log.note(outcome.status === 'done' ? 'the change was made' : `no change to report: ${outcome.code}`);
      line.write(outcome.status === 'done' ? 200 : 409);
      return outcome;
    } catch (error) {
      line.log.error('unexpected error', { error });
      line.write(500);
      return { status: 'failed', code: 'outcome_unknown' };
    }
  };
}

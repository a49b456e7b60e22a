import type { Caller } from '../ports.ts';
import { type AppendAudit, callEvent, type Judgement, type Kind, type Offered } from './audited.ts';
import type { ToolLog } from './context.ts';

/** What is recorded about a call: who, what, with which arguments. */
export type RecordedCall = {
  /** A tool unless it says otherwise. */
  readonly kind?: Exclude<Kind, 'tool'>;
  readonly name: string;
  readonly arguments: unknown;
  readonly caller: Caller;
  readonly requestId: string;
  readonly log: ToolLog;
};

/**
 * Writes the audit row of a call. False when it is not durable: then nothing of the call may be released, and a write
 * may not begin. It does not throw, so that no caller can forget to look.
 */
export async function record(
  audit: AppendAudit,
  call: RecordedCall,
  tool: Offered | undefined,
  judgement: Judgement,
): Promise<boolean> {
  const { phase, decision, reason } = judgement;
  call.log.add({ [call.kind ?? 'tool']: tool?.name, decision, ...(reason === undefined ? {} : { reason }) });
  try {
    const { hash } = await audit(callEvent(call, tool, judgement));
    // What is known only later (rows, duration) stands on this line, and the hash says whose it is.
    call.log.add({ [phase === 'outcome' ? 'audit_outcome' : 'audit']: hash });
    return true;
  } catch (error) {
    call.log.error('the audit row could not be written', { error, phase });
    return false;
  }
}

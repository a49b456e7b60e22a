import type { Links } from '../fence/escape.ts';
import type { SqlReader, Statement } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { AppendAudit, Offered } from './audited.ts';
import { authorize, type Policy } from './authorize.ts';
import { readSql } from './bound-sql.ts';
import { type ReadContext, ToolRefusal, userOf } from './context.ts';
import { cutNotes, type Produced } from './cut.ts';
import type { CallFailure } from './failure.ts';
import { failureOf } from './produce.ts';
import { progressOf, type ReportProgress } from './progress.ts';
import { type RecordedCall, record } from './record.ts';

/** What it takes to judge a call and to run a read. */
export type ReadPorts = {
  readonly policy: Policy;
  readonly audit: AppendAudit;
  readonly read: SqlReader;
  /** 32 new hexadecimal digits for each fence. */
  readonly nonce: () => string;
  /** Whether results keep links that work. They do not unless it says so. */
  readonly links?: Links | undefined;
};

/** One request of one verified caller: what is recorded of it, how long it may run, and where its progress goes. */
export type Requested = RecordedCall & {
  readonly signal: AbortSignal;
  readonly report?: ReportProgress | undefined;
};

/** May they, and does the input fit? A refusal is told only when it is on record. */
export async function admit<I>(
  { policy, audit }: Pick<ReadPorts, 'policy' | 'audit'>,
  call: Requested,
  offered: Offered,
  read: () => Result<I, string>,
): Promise<Result<I, CallFailure>> {
  const allowed = authorize(policy, call.caller, offered);
  if (!allowed.ok) {
    const { reason } = allowed.error;
    const recorded = await record(audit, call, offered, { phase: 'call', decision: 'denied', reason });
    return refuse({ code: recorded ? 'access_denied' : 'audit_unavailable' });
  }
  const input = read();
  if (input.ok) return input;
  const recorded = await record(audit, call, offered, { phase: 'call', decision: 'invalid', reason: 'arguments' });
  return refuse(recorded ? { code: 'invalid_arguments', details: input.error } : { code: 'audit_unavailable' });
}

/**
 * Runs the reading code of a tool, a resource or a prompt. The audit row is written meanwhile, and nothing of the result,
 * progress included, is used before the row is durable. When the row fails the code is stopped: nobody will be given what
 * it finds.
 */
export async function runRecorded<T>(
  ports: Pick<ReadPorts, 'audit' | 'read'>,
  call: Requested,
  offered: Offered,
  work: (context: ReadContext) => Promise<T>,
): Promise<Result<Produced<T>, CallFailure>> {
  const { caller, log } = call;
  const unrecorded = new AbortController();
  const signal = AbortSignal.any([call.signal, unrecorded.signal]);
  const cuts: number[] = [];
  const run = (statement: Statement, first?: number) => ports.read(caller, statement, signal, first);
  const sql = readSql(offered, run, (rows) => cuts.push(rows));
  const progress = progressOf(call.report);
  const context: ReadContext = { user: userOf(caller), log, signal, sql, progress: progress.say };
  const produced = work(context).then(
    (value): Result<Produced<T>, CallFailure> => {
      if (cuts.length > 0) log.add({ rows_cut: cuts });
      return ok({ value, notes: cutNotes(cuts) });
    },
    (error): Result<Produced<T>, CallFailure> => {
      const code = failureOf(error, signal, log);
      return refuse(error instanceof ToolRefusal ? { code, details: error.why } : { code });
    },
  );
  const recorded = record(ports.audit, call, offered, { phase: 'call', decision: 'allowed' }).then((durable) => {
    if (durable) progress.release();
    else unrecorded.abort(new Error('the call was not recorded'));
    return durable;
  });
  const [outcome, durable] = await Promise.all([produced, recorded]);
  return durable ? outcome : refuse({ code: 'audit_unavailable' });
}

import type { FailureCode } from '../tools/failure.ts';
import { type Answered, auditMetrics, type Measured, type MetricsOf, one } from './metric.ts';

type End = 'ran' | 'denied' | 'failed' | 'unfit';

/**
 * What the end of a call that was admitted counts for. `ran` is also the tool that itself said no, which is an answer. A
 * write is judged once more by the write function, which says no by one of these codes.
 */
const END: Readonly<Record<FailureCode, End>> = {
  invalid_arguments: 'unfit',
  request_refused: 'ran',
  access_denied: 'denied',
  token_refused: 'denied',
  approval_unavailable: 'denied',
  request_replayed: 'denied',
  audit_unavailable: 'failed',
  busy: 'failed',
  database_resuming: 'failed',
  database_timeout: 'failed',
  database_denied: 'failed',
  database_unavailable: 'failed',
  database_refused: 'failed',
  result_too_large: 'failed',
  timeout: 'failed',
  tool_failed: 'failed',
  outcome_unknown: 'failed',
};

const WAKING: FailureCode = 'database_resuming';

/**
 * What a request at /mcp counts for. Every call of a tool comes through here once, writes too, so here it is counted and
 * not in the write function. A call of a tool that is not there, or whose arguments do not fit, was neither allowed nor
 * denied, and counts for nothing.
 */
export const toolMetrics: MetricsOf = (answered, appended) => [
  ...(answered.path === '/mcp' && answered.status === 401 ? [one('BearerRefused')] : []),
  ...callMetrics(answered),
  ...(answered.failure === WAKING ? [one('DatabaseWaking')] : []),
  ...auditMetrics(answered, appended),
];

function callMetrics({ operation, decision, failure, status, durationMs }: Answered): readonly Measured[] {
  if (!operation?.startsWith('tools/call ')) return [];
  if (decision === 'denied') return [one('ToolCallDenied')];
  // Not judged yet, or judged not to fit.
  if (decision === undefined || decision === 'invalid') return [];
  const end = status >= 500 ? 'failed' : endOf(failure);
  if (end === 'denied') return [one('ToolCallDenied')];
  if (end === 'unfit') return [];
  const duration: Measured = { name: 'ToolCallDuration', unit: 'Milliseconds', value: Math.max(0, durationMs) };
  return [one('ToolCallAllowed'), ...(end === 'failed' ? [one('ToolCallFailed')] : []), duration];
}

function endOf(failure: string | undefined): End {
  if (failure === undefined) return 'ran';
  return Object.hasOwn(END, failure) ? END[failure as FailureCode] : 'failed';
}

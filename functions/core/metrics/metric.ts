import type { AuditEvent } from '../audit/event.ts';

/**
 * What is counted, in the namespace and under the one dimension that compose names. Alarms and the dashboard look for
 * these names (infra/README.md), so one that is renamed here is one that nobody watches any more.
 */
export type MetricName =
  /** A code was redeemed for tokens. */
  | 'SignInCompleted'
  /** A sign-in did not go on, at whichever of its pages, for whatever reason. */
  | 'SignInRefused'
  | 'ClientRegistered'
  | 'RegistrationRefused'
  | 'TokenRefreshed'
  | 'TokenRefused'
  /** A used code or refresh token came back, and its grant was revoked. */
  | 'RefreshReuse'
  /** By its client or because of a reuse. What an operator revokes is on record, and not here. */
  | 'GrantRevoked'
  /** A 401 at /mcp. */
  | 'BearerRefused'
  /** A call of a tool that was let through, however it ended. */
  | 'ToolCallAllowed'
  /** By scope, role or policy. */
  | 'ToolCallDenied'
  /** Let through, and ended without a result. Counted as allowed too, so that one divided by the other is a rate. */
  | 'ToolCallFailed'
  /** Of every call that was let through, in milliseconds: from the request's arrival to its answer. */
  | 'ToolCallDuration'
  /** Somebody was told to come again because the database is waking up. */
  | 'DatabaseWaking'
  /** An audit row could not be written, so something was refused or withheld. Once for each row. */
  | 'AuditUnavailable';

export type Measured = {
  readonly name: MetricName;
  readonly unit: 'Count' | 'Milliseconds';
  readonly value: number;
};

/** A request with its answer: what its one log line says (`functions/http/request-line.ts`), as far as it is counted by. */
export type Answered = {
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** What was asked for where the path does not say it: `tools/call search_orders`. */
  readonly operation?: string | undefined;
  /** Of a call: how it was judged. */
  readonly decision?: string | undefined;
  /** Of a call: the code that its caller was told. */
  readonly failure?: string | undefined;
  /** Why the authorization server refused. */
  readonly reason?: string | undefined;
};

/** An event that the audit log was told of while the request was served, and whether it is in the log now. */
export type Appended = { readonly event: Pick<AuditEvent, 'tool' | 'decision' | 'reason'>; readonly durable: boolean };

/** What a request counts for. Pure, and told nothing of anybody: no person, client, argument or tool. */
export type MetricsOf = (answered: Answered, appended: readonly Appended[]) => readonly Measured[];

export function one(name: MetricName): Measured {
  return { name, unit: 'Count', value: 1 };
}

/** Of any function that adds rows. */
export const auditMetrics: MetricsOf = (_, appended) =>
  appended.filter(({ durable }) => !durable).map(() => one('AuditUnavailable'));

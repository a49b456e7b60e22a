import type { AuditEvent } from '../audit/event.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { StoreUnavailable } from './store.ts';

/**
 * What the authorization server puts on record. Each endpoint has its own place for the row:
 *
 * - `registration`: after the invitation's use, before the client is written. The id of a client is a digest of its
 *   metadata, so whoever sent it knows the id without an answer: the row must be there first.
 * - `consent`: after the transaction moved, before the browser is told. The one conditional write is what tells a person's
 *   form from a forged one, and forged ones are not recorded. Without the answer the transaction leads nowhere: the
 *   secret to come back with was never handed out.
 * - `sign-in`: after the grant is stored, before the code is handed out. A code that nobody was given is no access.
 * - `token`: after it is signed, before the grant moves. A row that fails leaves the code or refresh token as good as it
 *   was, so the same request can be sent again. A write that fails after its row leaves a row too many, never one too few.
 * - `revocation`: after the grant is revoked, before the answer. Taking access away never waits for the log: when the row
 *   fails, the caller gets a 503, the function's log has the grant's id, and an alarm goes off.
 *
 * Refusals are on record where somebody proved to be somebody first: signed in and not let in, or a used code or refresh
 * token that came back, which ends its grant and so is recorded once. Anything that a stranger can send as often as they
 * like (an unknown client, a wrong code) is a line of the function's log only: rows are kept for years.
 *
 * Two refusals are on record that cost whoever causes them next to nothing: a consent that was denied, which asks for no
 * sign-in, and a sign-in that was refused. Above a rate these are counted (`core/audit/refusal-counts.ts`). What lets
 * somebody on, and what ends a grant, always has its row.
 */
export type Recorded = {
  readonly kind: 'registration' | 'consent' | 'sign-in' | 'token' | 'revocation';
  readonly clientId: string;
  /** Absent before anybody signed in. */
  readonly subject?: string | undefined;
  readonly scopes: readonly string[];
  readonly decision: 'allowed' | 'denied';
  readonly reason?: string | undefined;
  /** Of a registration the invitation, of a consent the transaction, of all others the grant. */
  readonly about?: string | undefined;
  /** Of a sign-in: the transaction that was consented to. */
  readonly consent?: string | undefined;
};

/** Resolves when the row is durable, or the refusal counted; or with why the request cannot go on. Does not throw. */
export type RecordEvent = (event: Recorded) => Promise<Result<void, StoreUnavailable>>;

/** Appends to the audit log; rejects when the row is not durable. Without a hash the event was countable, and was counted. */
export type AppendEvent = (event: AuditEvent) => Promise<{ readonly hash: string | undefined }>;

/** Where the outcome is told: the request's own line, and an error that an alarm looks for. */
type Told = {
  readonly add: (fields: Readonly<Record<string, unknown>>) => void;
  readonly error: (message: string, fields: Readonly<Record<string, unknown>>) => void;
};

const COUNTABLE: ReadonlySet<Recorded['kind']> = new Set(['consent', 'sign-in']);

/** Records what one request does, under the id that its caller is told. */
export function recorderOf(append: AppendEvent, requestId: string, log: Told): RecordEvent {
  return async ({ kind, consent, ...event }) => {
    try {
      const scopes = [...event.scopes].sort();
      const { hash } = await append({
        ...event,
        scopes,
        phase: 'event',
        tool: `auth:${kind}`,
        requestId,
        approvalId: consent,
        countable: event.decision === 'denied' && COUNTABLE.has(kind),
      });
      log.add({ [`audit_${kind}`]: hash ?? 'counted' });
      return ok(undefined);
    } catch (error) {
      const { clientId: client_id, subject, about } = event;
      log.error('the audit row could not be written', { error, kind, client_id, subject, about });
      const detail = error instanceof Error ? error.message : String(error);
      return refuse({ reason: 'store-unavailable', operation: 'append to the audit log', detail });
    }
  };
}

/**
 * One tools/call, or one thing the authorization server did, as the audit log is told about it. `arguments` are hashed
 * under a key and thrown away; nothing else of the content is asked for, so that nothing else can leak from the log.
 */
export type AuditEvent = {
  /**
   * `call`: a read, or a call that was refused. A write has an `intent` before its effect and an `outcome` after it.
   * `event`: no call at all, but a sign-in, a consent, a token, a registration, a revocation: one row, no arguments.
   * `count`: so many events of a kind that have no row of their own (`refusal-counts.ts`), and no event itself.
   */
  readonly phase: 'call' | 'intent' | 'outcome' | 'event' | 'count';
  readonly requestId: string;
  readonly clientId: string;
  /** Absent where nobody has signed in yet. Never absent from a call. */
  readonly subject?: string | undefined;
  /** The tool; of an event its kind, with a colon in it that no tool's name has: `auth:sign-in`. */
  readonly tool: string;
  /** SHA-256 of the tool's definition, 64 hexadecimal digits; absent for a tool that does not exist. */
  readonly toolDigest?: string | undefined;
  /** Of a call. An event has none, and they are not looked at. */
  readonly arguments?: unknown;
  readonly scopes: readonly string[];
  readonly decision: Decision;
  /** A code of ours, such as `insufficient-scope`. */
  readonly reason?: string | undefined;
  /** Of a write, what approved it; of a sign-in, the consent that led to it. */
  readonly approvalId?: string | undefined;
  /** What an event is about: the id of a grant, a transaction, an invitation. */
  readonly about?: string | undefined;
  /** The database user the call may reach. */
  readonly dbRole?: string | undefined;
  /** Of a refusal that somebody can cause as often as they like: above a rate it is counted and has no row of its own. */
  readonly countable?: boolean | undefined;
  /** Known for an outcome only: a read's row is written while its SQL runs. Of a count, how many it stands for. */
  readonly rows?: number | undefined;
  /** Of an outcome how long it took; of a count how long ago the first was that it stands for. */
  readonly durationMs?: number | undefined;
};

/** `invalid`: the input did not fit the tool. `unknown`: a write whose end nobody saw. */
type Decision = 'allowed' | 'denied' | 'invalid' | 'failed' | 'unknown';

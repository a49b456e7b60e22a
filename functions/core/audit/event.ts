/**
 * One tools/call as the audit log is told about it. `arguments` are hashed under a key and thrown away; nothing else of
 * the call's content is asked for, so that nothing else can leak from the log.
 */
export type AuditEvent = {
  /** `call`: a read, or a call that was refused. A write has an `intent` before its effect and an `outcome` after it. */
  readonly phase: 'call' | 'intent' | 'outcome';
  readonly requestId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly tool: string;
  /** SHA-256 of the tool's definition, 64 hexadecimal digits; absent for a tool that does not exist. */
  readonly toolDigest?: string | undefined;
  readonly arguments: unknown;
  readonly scopes: readonly string[];
  readonly decision: Decision;
  /** A code of ours, such as `insufficient-scope`. */
  readonly reason?: string | undefined;
  readonly approvalId?: string | undefined;
  /** The database user the call may reach. */
  readonly dbRole?: string | undefined;
  /** Known for an outcome only: a read's row is written while its SQL runs. */
  readonly rows?: number | undefined;
  readonly durationMs?: number | undefined;
};

/** `invalid`: the input did not fit the tool. `unknown`: a write whose end nobody saw. */
type Decision = 'allowed' | 'denied' | 'invalid' | 'failed' | 'unknown';

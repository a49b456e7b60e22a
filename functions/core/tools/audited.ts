import type { AuditEvent } from '../audit/event.ts';
import type { Caller } from '../ports.ts';
import type { RegisteredTool } from './registry.ts';

/** Resolves with the row's hash when the row is durable, and only then; rejects otherwise. */
export type AppendAudit = (event: AuditEvent) => Promise<{ readonly hash: string }>;

/** What the audit log knows of the thing that was asked for: a tool, a resource or a prompt. */
export type Offered = Pick<RegisteredTool, 'name' | 'digest' | 'scopes' | 'access' | 'database'>;

export type Kind = 'tool' | 'resource' | 'prompt';

type Recorded = {
  /** A tool unless it says otherwise. */
  readonly kind?: Exclude<Kind, 'tool'>;
  readonly name: string;
  readonly arguments: unknown;
  readonly caller: Caller;
  readonly requestId: string;
};

/** How a call was judged, and what is known of it by now. */
export type Judgement = Pick<AuditEvent, 'phase' | 'decision' | 'reason' | 'rows' | 'durationMs'>;

/** The event of one call. `dbRole` is the database user a call may reach: none when it was refused before. */
export function callEvent(call: Recorded, tool: Offered | undefined, judgement: Judgement): AuditEvent {
  const { subject, clientId, scopes } = call.caller;
  const refused = judgement.decision === 'denied' || judgement.decision === 'invalid';
  return {
    ...judgement,
    requestId: call.requestId,
    clientId,
    subject,
    tool: recordedName(call, tool),
    toolDigest: tool?.digest,
    arguments: call.arguments ?? {},
    scopes: [...scopes].sort(),
    dbRole: refused ? undefined : roleOf(tool),
  };
}

/**
 * A resource is recorded as `resource:<name>` and a prompt as `prompt:<name>`. No name holds a colon, neither of a tool nor
 * of an unknown one, so a row says of which kind it is and nobody can make one say otherwise.
 */
function recordedName({ kind, name }: Recorded, offered: Offered | undefined): string {
  return `${kind === undefined ? '' : `${kind}:`}${offered?.name ?? nameOfUnknown(name)}`;
}

function roleOf(tool: Offered | undefined): AuditEvent['dbRole'] {
  if (!tool || tool.scopes.length === 0 || tool.database === 'none') return undefined;
  return tool.access === 'read' ? 'mcp_reader' : 'mcp_writer';
}

/** A name that nobody here defined is somebody's text: kept when it could be a name, since it tells what was tried. */
function nameOfUnknown(name: string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : '(unreadable)';
}

import type { AuditRecord } from './record.ts';

/** A record with its letters spelled out, for people and for `--json`. */
export type ReadableRecord = {
  readonly time: string;
  readonly phase: AuditRecord['f'];
  readonly decision: AuditRecord['x'];
  readonly tool: string;
  readonly subject?: string | undefined;
  readonly clientId: string;
  readonly reason?: string | undefined;
  readonly requestId: string;
  readonly scopes: readonly string[];
  readonly toolDigest?: string | undefined;
  readonly argumentsMac?: string | undefined;
  readonly argumentsBytes?: number | undefined;
  readonly approvalId?: string | undefined;
  readonly about?: string | undefined;
  readonly dbRole?: string | undefined;
  readonly rows?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly stream: string;
  readonly seq: number;
  readonly hash: string;
};

/** Hashes come as hexadecimal digits, the form in which `tools.lock` and other tools show them. */
export function readable(record: AuditRecord): ReadableRecord {
  return {
    time: record.t,
    phase: record.f,
    decision: record.x,
    tool: record.k,
    subject: record.u?.slice(0, -'#yyyy-mm-dd'.length),
    clientId: record.c,
    reason: record.r,
    requestId: record.q,
    scopes: record.g === '' ? [] : record.g.split(' '),
    toolDigest: hex(record.d),
    argumentsMac: hex(record.a),
    argumentsBytes: record.b,
    approvalId: record.y,
    about: record.o,
    dbRole: record.l,
    rows: record.m,
    durationMs: record.w,
    stream: record.s,
    seq: record.n,
    hash: hex(record.h) ?? '',
  };
}

function hex(base64url: string | undefined): string | undefined {
  return base64url === undefined ? undefined : Buffer.from(base64url, 'base64url').toString('hex');
}

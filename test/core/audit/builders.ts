import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { emptyHead, type Head, sealed } from '../../../functions/core/audit/chain.ts';
import type { AuditEvent } from '../../../functions/core/audit/event.ts';
import { type AuditRecord, recordOf } from '../../../functions/core/audit/record.ts';

export const today = '2025-11-22';
export const aStreamId = 'h0YB2Zl1Q9m4rT6uXw8aCg';

/** A call of a read tool, as the log is told about it. */
export function anEvent(changed: Partial<AuditEvent> = {}): AuditEvent {
  return {
    phase: 'call',
    requestId: 'bM7yLhbGoAMEVKg=',
    clientId: 'c_Kx8Vq2mW4nT6yB1zR3dF5g',
    subject: '6f9b1c52-3d84-4e0a-9b17-52c8de01aa47',
    tool: 'search_orders',
    toolDigest: 'ab'.repeat(32),
    arguments: { query: 'late', limit: 20 },
    scopes: ['orders:read', 'tickets:read'],
    decision: 'allowed',
    dbRole: 'mcp_reader',
    ...changed,
  };
}

/** Refusals that have no rows of their own, as the log is told how many they were. */
function aCount(changed: Partial<AuditEvent> = {}): AuditEvent {
  return {
    phase: 'count',
    requestId: 'cN8zMichHpBNFWLh=',
    clientId: '*',
    tool: 'auth:sign-in',
    scopes: [],
    decision: 'denied',
    reason: 'sign-in-refused',
    rows: 980,
    durationMs: 61_000,
    ...changed,
  };
}

/** The next record of a chain. */
export function recordAfter(
  head: Head,
  event: AuditEvent = anEvent(),
  at = `${today}T10:00:00.000Z`,
  stream = aStreamId,
): AuditRecord {
  const args = { mac: randomBytes(32), bytes: 17 };
  return sealed(recordOf(event, args, { stream, seq: head.seq + 1, previous: head.hash, at }));
}

/** The records of a whole stream, a second apart. */
export function aStream(length: number, stream = aStreamId, date = today): AuditRecord[] {
  const records: AuditRecord[] = [];
  let head = emptyHead(stream, date);
  for (let second = 0; second < length; second++) {
    const at = new Date(Date.parse(`${date}T10:00:00.000Z`) + second * 1_000).toISOString();
    const requestId = `request-${second}`;
    // A row that is no call, so that whatever walks a chain has met one.
    const event = second === 1 ? aCount({ requestId }) : anEvent({ requestId });
    const record = recordAfter(head, event, at, stream);
    head = { seq: record.n, hash: record.h };
    records.push(record);
  }
  return records;
}

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 400 }));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Any event, however long its texts are. */
export const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  phase: fc.constantFrom('call', 'intent', 'outcome', 'event', 'count'),
  requestId: text,
  clientId: text,
  subject: maybe(text),
  tool: text,
  toolDigest: maybe(fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))),
  arguments: fc.constant({}),
  scopes: fc.array(text, { maxLength: 20 }),
  decision: fc.constantFrom('allowed', 'denied', 'invalid', 'failed', 'unknown'),
  reason: maybe(text),
  approvalId: maybe(text),
  about: maybe(text),
  dbRole: maybe(text),
  rows: maybe(fc.nat()),
  durationMs: maybe(fc.double({ min: -10, max: 1e6, noNaN: true })),
});

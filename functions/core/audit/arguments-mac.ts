import { createHmac } from 'node:crypto';

/**
 * The keyed hash of a call's arguments: HMAC-SHA256(day key, "args/v1|" ‖ tool ‖ "|" ‖ canonical JSON). Keyed, because
 * the plain hash of `{"id":42}` is found by trying numbers; whoever may use the MAC key can still do that.
 */
export function argumentsMac(dayKey: Uint8Array, tool: string, canonicalArguments: string): Buffer {
  return createHmac('sha256', dayKey).update(`args/v1|${tool}|${canonicalArguments}`, 'utf8').digest();
}

/**
 * What KMS is asked to MAC for the key of one UTC day. An auditor who may use the same KMS key asks the same, and can
 * then recompute the hash of arguments somebody claims to have sent.
 */
export function dayKeyMessage(date: string): string {
  return `audit/v1|${date}`;
}

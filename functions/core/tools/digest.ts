import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * SHA-256, in lower-case hex, of a tool's definition, its code apart, as canonical JSON (RFC 8785). The audit log carries it
 * with every call, so that "which tool was this, exactly" has an answer after the code has moved on, and a definition
 * that changed under its name is seen.
 */
export function digestOf(definition: object): string {
  const canonical = canonicalize(definition);
  if (canonical === undefined) throw new Error('a tool definition is a JSON object');
  return createHash('sha256').update(canonical).digest('hex');
}

import canonicalize from 'canonicalize';
import { ok, type Result, refuse } from '../result.ts';

export type NotCanonical = { readonly reason: 'not-canonical'; readonly detail: string };

/**
 * A value as canonical JSON (RFC 8785, JCS): one text for equal values, so that a hash of it means something. Refuses
 * what JSON and I-JSON (RFC 7493) cannot carry: NaN, the infinities, lone surrogates in names or values, cycles, bigint,
 * and nothing at all.
 *
 * Repeated names in an object cannot be seen here: whatever parsed the text has dropped them already.
 */
export function canonicalJson(value: unknown): Result<string, NotCanonical> {
  try {
    const text = canonicalize(value);
    return text === undefined ? refuse({ reason: 'not-canonical', detail: `${typeof value} is no JSON` }) : ok(text);
  } catch (error) {
    return refuse({ reason: 'not-canonical', detail: error instanceof Error ? error.message : String(error) });
  }
}

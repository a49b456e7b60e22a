import { createHash } from 'node:crypto';
import type { Clock } from '../core/ports.ts';
import type { VerifiedToken, VerifyToken } from '../core/tools/token.ts';

/** How long an accepted token is remembered. We revoke no access token, so this weakens nothing. */
const LONGEST_MILLIS = 60_000;
const ENTRIES = 1000;

type Entry = { readonly token: VerifiedToken; readonly since: number };

/**
 * Remembers tokens that verified, for at most a minute and never past their `exp`: checking a signature is nine tenths
 * of the work of a warm call. Refusals are not remembered, so a flood of bad tokens cannot push good ones out.
 *
 * The key is the SHA-256 of the whole token, signature included: a token with one changed byte is another token.
 */
export function cacheVerified(verify: VerifyToken, clock: Clock): VerifyToken {
  const remembered = new Map<string, Entry>();
  return (token) => {
    const key = createHash('sha256').update(token).digest('base64');
    const now = clock.millis();
    const entry = remembered.get(key);
    remembered.delete(key);
    if (entry && now >= entry.since && now - entry.since < LONGEST_MILLIS && now < entry.token.expires * 1000) {
      remembered.set(key, entry);
      return { ok: true, value: entry.token };
    }
    const verified = verify(token);
    if (!verified.ok) return verified;
    // A Map keeps insertion order, and every use inserts anew: the first entry is the one unused for longest.
    const oldest = remembered.size >= ENTRIES ? remembered.keys().next() : undefined;
    if (oldest && !oldest.done) remembered.delete(oldest.value);
    remembered.set(key, { token: verified.value, since: now });
    return verified;
  };
}

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../ports.ts';

/**
 * The successor of a refresh token, sealed under the token it replaces. A client whose answer got lost, or that refreshed
 * twice at once, presents the old token again inside the grace period and must get the *same* successor; but the table
 * may not hold a token that somebody who reads the table could use. So the key is the old token itself.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals under a key that only a holder of `secret` can derive. `context` (the grant) is authenticated with it. */
export function seal(plain: string, secret: string, context: string, random: Random): string {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** What was sealed, or `undefined` when it was sealed by another secret, for another context, or was changed. */
export function unseal(sealed: string, secret: string, context: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return plain.toString('utf8');
  } catch {
    return undefined;
  }
}

/** RFC 5869. The secret has 256 bits of its own, so no salt is needed; the label keeps this key from any other use. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse refresh successor', 32));
}

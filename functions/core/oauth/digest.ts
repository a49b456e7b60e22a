import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a secret, in base64url. What the tables hold instead of the secret itself. */
export type Digest = string;

/** SHA-256 in base64url, without padding: 43 characters. Also the S256 transformation of RFC 7636 section 4.2. */
export function digest(text: string): Digest {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

/** Compares two digests in a time that does not depend on where they differ. */
export function sameDigest(one: Digest, other: Digest): boolean {
  const left = Buffer.from(one, 'latin1');
  const right = Buffer.from(other, 'latin1');
  return left.length === right.length && timingSafeEqual(left, right);
}

import { createHash } from 'node:crypto';

/**
 * The root of a Merkle tree as certificate transparency builds it (RFC 6962 section 2.1): leaves are hashed with a byte 0
 * before them and nodes with a byte 1, so that no node can be shown as a leaf. The tree of nothing is the hash of nothing.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return sha256(0, first);
  const left = leftSize(leaves.length);
  return sha256(1, merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left)));
}

/** The largest power of two below `size`. */
function leftSize(size: number): number {
  return 2 ** (31 - Math.clz32(size - 1));
}

function sha256(prefix: 0 | 1, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Uint8Array.of(prefix));
  for (const part of parts) hash.update(part);
  return hash.digest();
}

import { createECDH, type KeyObject } from 'node:crypto';

/** The order of the P-256 group (SP 800-186 section 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * ECDSA over a SHA-256 digest that was computed elsewhere (FIPS 186-5 section 6.4.1). node:crypto signs only what it
 * hashed itself, and KMS offers MessageType DIGEST. The arithmetic takes no constant time: the keys protect a laptop's
 * test data.
 *
 * @param digest 32 bytes
 * @returns the DER form that KMS answers with
 */
export function signDigest(digest: Buffer, privateKey: KeyObject): Buffer {
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const secret = toNumber(Buffer.from(d, 'base64url'));
  const message = toNumber(digest);
  for (;;) {
    // An ephemeral key pair is exactly what one signature needs: k, and the point k·G.
    const ephemeral = createECDH('prime256v1');
    const point = ephemeral.generateKeys();
    const r = toNumber(point.subarray(1, 33)) % ORDER;
    const s = (inverse(toNumber(ephemeral.getPrivateKey())) * (message + r * secret)) % ORDER;
    if (r !== 0n && s !== 0n) return sequence(integer(r), integer(s));
  }
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}

/** By Fermat's little theorem: ORDER is prime. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value % ORDER;
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

/** A DER INTEGER: as few bytes as possible, and a zero before a first bit that would mean "negative". */
function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}

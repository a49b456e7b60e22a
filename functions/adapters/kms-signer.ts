import { createHash } from 'node:crypto';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { Signer } from '../core/ports.ts';

/** Gives up before API Gateway does; a caller that is told to come again in two seconds loses nothing. */
export function createKmsClient(): KMSClient {
  return new KMSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
}

/**
 * Signs with an ECC_NIST_P256 key that never leaves KMS. `kid` is the RFC 7638 thumbprint of its public half, so that
 * nothing about the account is published.
 */
export function createKmsSigner(client: KMSClient, keyArn: string, kid: string): Signer {
  return {
    kid,
    sign: async (input) => {
      // The digest, because KMS takes no message over 4096 bytes and a token's length is not ours alone to decide.
      const digest = createHash('sha256').update(input).digest();
      const command = new SignCommand({
        KeyId: keyArn,
        Message: digest,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      });
      const { Signature: der } = await client.send(command);
      if (der === undefined) throw new Error('KMS answered without a signature');
      return p1363OfDer(der);
    },
  };
}

const COORDINATE = 32;

/**
 * An ECDSA signature from DER (RFC 3279 section 2.2.3), as KMS gives it, to the 64 bytes that JWS wants (RFC 7518 section
 * 3.4). DER writes r and s as integers: without leading zeros, but with one where the first bit is set. So each is cut or
 * padded on the left to 32 bytes.
 *
 * @throws Error when the bytes are no such signature.
 */
export function p1363OfDer(der: Uint8Array): Uint8Array {
  const sequence = element(der, 0, 0x30);
  if (sequence.end !== der.length) throw new Error('bytes after the signature');
  const r = element(der, sequence.start, 0x02);
  const s = element(der, r.end, 0x02);
  if (s.end !== sequence.end) throw new Error('bytes inside the signature after s');
  const signature = new Uint8Array(2 * COORDINATE);
  place(der.subarray(r.start, r.end), signature, 0);
  place(der.subarray(s.start, s.end), signature, COORDINATE);
  return signature;
}

/** Where the contents of the element at `at` begin and end. A P-256 signature is shorter than 128 bytes: short form only. */
function element(der: Uint8Array, at: number, tag: number): { readonly start: number; readonly end: number } {
  const length = der[at + 1];
  if (der[at] !== tag || length === undefined || length > 0x7f) throw new Error(`no DER element ${tag} at byte ${at}`);
  const start = at + 2;
  if (length === 0 || start + length > der.length) throw new Error(`a DER element at byte ${at} is cut off`);
  return { start, end: start + length };
}

function place(integer: Uint8Array, into: Uint8Array, at: number): void {
  const digits = integer[0] === 0 ? integer.subarray(1) : integer;
  if (digits.length > COORDINATE) throw new Error(`an integer of ${digits.length} bytes is none of P-256`);
  into.set(digits, at + COORDINATE - digits.length);
}

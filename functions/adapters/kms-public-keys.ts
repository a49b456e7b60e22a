import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { calculateJwkThumbprint } from 'jose';
import type { PublicKey } from '../core/oauth/public-keys.ts';

/**
 * The public half of a signing key in KMS as a JWK, named by its RFC 7638 thumbprint. KMS gives it as DER
 * SubjectPublicKeyInfo (API Reference, GetPublicKey).
 *
 * @throws Error when the key is no P-256 signing key: this server signs ES256 and nothing else (RFC 7518 section 3.4).
 */
export function createPublicKeyReader(client: KMSClient): (keyArn: string) => Promise<PublicKey> {
  return async (keyArn) => {
    const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyArn }));
    if (answer.PublicKey === undefined || answer.KeyUsage !== 'SIGN_VERIFY')
      throw new Error(`${keyArn} is no signing key`);
    const key = createPublicKey({ key: Buffer.from(answer.PublicKey), format: 'der', type: 'spki' });
    const { kty, crv, x, y } = key.export({ format: 'jwk' });
    if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) {
      throw new Error(`${keyArn} is no P-256 key: ES256 needs ECC_NIST_P256`);
    }
    return { kty, crv, x, y, kid: await calculateJwkThumbprint({ kty, crv, x, y }), alg: 'ES256', use: 'sig' };
  };
}

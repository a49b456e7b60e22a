import { createHash } from 'node:crypto';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';

/**
 * Signs the notes of checkpoints with a key that never leaves KMS: base64 of the DER signature (RFC 3279 section 2.2.3), as
 * KMS gives it and as openssl verifies it.
 *
 * @throws what KMS throws: without a signature there is no checkpoint
 */
export function createNoteSigner(client: KMSClient, keyArn: string): (note: string) => Promise<string> {
  return async (note) => {
    // The digest, because KMS takes no message over 4,096 bytes.
    const command = new SignCommand({
      KeyId: keyArn,
      Message: createHash('sha256').update(note, 'utf8').digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature } = await client.send(command);
    if (Signature === undefined) throw new Error('KMS answered without a signature');
    return Buffer.from(Signature).toString('base64');
  };
}

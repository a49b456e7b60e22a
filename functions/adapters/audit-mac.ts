import { GenerateMacCommand, type KMSClient } from '@aws-sdk/client-kms';
import { argumentsMac, dayKeyMessage } from '../core/audit/arguments-mac.ts';

/** The keyed hash of canonical arguments, under the key of a UTC day. */
export type AuditMac = (
  input: { readonly date: string; readonly tool: string; readonly canonical: string },
  signal: AbortSignal,
) => Promise<Uint8Array>;

/**
 * Derives the day's key with KMS, once per environment and day: one call of a quota that the whole account shares, and
 * none on the path of a warm request. A derivation that failed is not remembered.
 */
export function createAuditMac({ client, keyId }: { readonly client: KMSClient; readonly keyId: string }): AuditMac {
  let known: { readonly date: string; readonly key: Uint8Array } | undefined;

  async function dayKey(date: string, signal: AbortSignal): Promise<Uint8Array> {
    if (known?.date === date) return known.key;
    const command = new GenerateMacCommand({
      KeyId: keyId,
      MacAlgorithm: 'HMAC_SHA_256',
      Message: Buffer.from(dayKeyMessage(date), 'utf8'),
    });
    const { Mac } = await client.send(command, { abortSignal: signal });
    if (Mac === undefined) throw new Error('KMS answered GenerateMac without a MAC');
    known = { date, key: Mac };
    return Mac;
  }

  return async ({ date, tool, canonical }, signal) => argumentsMac(await dayKey(date, signal), tool, canonical);
}

import { hkdfSync } from 'node:crypto';
import { type DatabaseLogin, type ReadSecret, readLogin } from './secrets.ts';

/**
 * The key under which the write function hashes its calls: HKDF-SHA256 (RFC 5869) of its login's password, 32 bytes. Not
 * the audit log's key, which is another one every day: a call that is repeated after midnight is still the same call.
 * Rotating the password is the one thing that makes a repeated call look like another one, and then it is refused.
 */
export function callKey(login: DatabaseLogin): Buffer {
  return Buffer.from(hkdfSync('sha256', login.password, '', 'gatehouse call mac v1', 32));
}

/** The key of the login in a secret, derived when it is first needed. A failure is not remembered. */
export function callKeyOf(readSecret: ReadSecret, secretArn: string): () => Promise<Uint8Array> {
  let known: Uint8Array | undefined;
  return async () => {
    known ??= callKey(await readLogin(readSecret, secretArn));
    return known;
  };
}

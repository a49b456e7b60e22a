import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

const ITERATIONS = 4096;

/**
 * A SCRAM-SHA-256 verifier in the form PostgreSQL stores (RFC 5803; RFC 7677): `ALTER ROLE … PASSWORD` takes it as it
 * is, so the password itself is in no statement and in no statement log.
 *
 * @param salt 16 random bytes
 * @throws Error for a password that SASLprep (RFC 4013) might change; the stack generates letters and digits only.
 */
export function scramVerifier(password: string, salt: Uint8Array): string {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('a database password must be printable ASCII without spaces');
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest();
  const [s, stored, server] = [Buffer.from(salt), storedKey, keyed('Server Key')].map((bytes) =>
    bytes.toString('base64'),
  );
  return `SCRAM-SHA-256$${ITERATIONS}:${s}$${stored}:${server}`;
}

import { createHmac, hkdfSync } from 'node:crypto';
import type { Caller, Seconds } from '../core/ports.ts';
import { type DatabaseLogin, type ReadSecret, readLogin } from './secrets.ts';

/** How long a signed row context is good for. The database takes no context that claims more. */
const LIFETIME: Seconds = 60;

/**
 * The key of a login's row contexts: HKDF-SHA256 (RFC 5869) of its password, 32 bytes. Whoever holds the secret can
 * derive it, nobody else: `migrate` stores it for the database, the two functions sign with it.
 */
export function rowContextKey(login: DatabaseLogin): Buffer {
  return Buffer.from(hkdfSync('sha256', login.password, '', 'gatehouse row context v1', 32));
}

/**
 * Who a transaction works for: `hex(subject).hex(tenant).expiry.hex(HMAC-SHA256)`, the MAC over all that precedes it.
 * Row policies believe a context only because of the MAC: a plain setting could be changed by one SELECT in the very
 * statement it guards. No tenant is an empty part, and gives no rows.
 */
export function signRowContext(key: Uint8Array, caller: Pick<Caller, 'subject' | 'tenant'>, now: Seconds): string {
  const hex = (text: string) => Buffer.from(text, 'utf8').toString('hex');
  const claims = [hex(caller.subject), hex(caller.tenant ?? ''), String(now + LIFETIME)].join('.');
  return `${claims}.${createHmac('sha256', key).update(claims).digest('hex')}`;
}

/** The key of the login in a secret, derived when it is first needed. A failure is not remembered. */
export function rowContextKeyOf(readSecret: ReadSecret, secretArn: string): () => Promise<Uint8Array> {
  let known: Uint8Array | undefined;
  return async () => {
    known ??= rowContextKey(await readLogin(readSecret, secretArn));
    return known;
  };
}

import { ok, type Result, refuse } from '../result.ts';
import type { Client } from './client.ts';
import type { AuthenticationRefusal } from './errors.ts';

/** What a caller of /token or /revoke presents to prove which client it is. */
export type PresentedCredentials = {
  readonly authorization: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
};

/** RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request." */
export function usesOneMethod({ authorization, secret, assertion }: PresentedCredentials): boolean {
  return [isBasic(authorization), secret !== undefined, assertion !== undefined].filter(Boolean).length <= 1;
}

/**
 * Whether the client proves itself in the way its entry says.
 *
 * No client has a secret, so any secret is one that was never issued: refused, not ignored (a client that believes it
 * authenticates must not be left in that belief). An assertion is never ignored either, and a client whose entry says
 * `private_key_jwt` never falls back to nothing. Assertions are verified by nothing yet, so all of them are refused.
 */
export function authenticated(
  client: Client,
  { authorization, secret, assertion }: PresentedCredentials,
): Result<Client, AuthenticationRefusal> {
  if (isBasic(authorization)) return refuse({ reason: 'secret-unexpected', method: 'basic' });
  if (secret !== undefined) return refuse({ reason: 'secret-unexpected', method: 'body' });
  if (assertion !== undefined) return refuse({ reason: 'assertion-refused', clientId: client.id });
  if (client.authentication !== 'none') return refuse({ reason: 'assertion-missing', clientId: client.id });
  return ok(client);
}

function isBasic(authorization: string | undefined): boolean {
  return authorization !== undefined && /^\s*basic(?:\s|$)/i.test(authorization);
}

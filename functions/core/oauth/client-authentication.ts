import type { Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Client } from './client.ts';
import { type AssertionPorts, verifyAssertion } from './client-assertion.ts';
import type { AuthenticationRefusal } from './errors.ts';
import type { StoreUnavailable } from './store.ts';

/** What a caller of /token or /revoke presents to prove which client it is. */
export type PresentedCredentials = {
  readonly authorization: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
  readonly assertionType: string | undefined;
};

/** RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request." */
export function usesOneMethod({ authorization, secret, assertion }: PresentedCredentials): boolean {
  return [isBasic(authorization), secret !== undefined, assertion !== undefined].filter(Boolean).length <= 1;
}

/**
 * Whether the client proves itself in the way its entry says.
 *
 * No client has a secret, so any secret is one that was never issued: refused, not ignored (a client that believes it
 * authenticates must not be left in that belief). An assertion is never ignored either: sent, it must verify. A client
 * whose entry says `private_key_jwt` never falls back to nothing.
 */
export async function authenticated(
  ports: AssertionPorts,
  client: Client,
  { authorization, secret, assertion, assertionType }: PresentedCredentials,
  now: Seconds,
): Promise<Result<Client, AuthenticationRefusal | StoreUnavailable>> {
  if (isBasic(authorization)) return refuse({ reason: 'secret-unexpected', method: 'basic' });
  if (secret !== undefined) return refuse({ reason: 'secret-unexpected', method: 'body' });
  if (assertion !== undefined) return verifyAssertion(ports, client, { assertion, assertionType }, now);
  if (client.authentication !== 'none') return refuse({ reason: 'assertion-missing', clientId: client.id });
  return ok(client);
}

function isBasic(authorization: string | undefined): boolean {
  return authorization !== undefined && /^\s*basic(?:\s|$)/i.test(authorization);
}

import type { Clock } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { AssertionPorts } from './client-assertion.ts';
import { usesOneMethod } from './client-authentication.ts';
import { digest } from './digest.ts';
import type { RevocationRefusal } from './errors.ts';
import type { GrantId } from './identifiers.ts';
import { onceEach, type Parameters } from './parameters.ts';
import { identifyClient } from './present-grant.ts';
import type { RecordEvent } from './recorded.ts';
import type { ClientDirectory, Grants } from './store.ts';
import { looksLikeJwt, parseTokenString } from './token-string.ts';

/**
 * POST /revoke (RFC 7009): a client ends the grant that one of its refresh tokens belongs to, the current one or any
 * before it. What the token was worth is not told: the answer to garbage is the answer to success.
 *
 * Access tokens live for minutes and are verified offline, so revoking one would be a promise nobody keeps: refused
 * (section 2.2.1).
 */
export type RevocationPorts = AssertionPorts & {
  readonly clock: Clock;
  readonly registry: ClientDirectory;
  readonly grants: Pick<Grants, 'revokeHeld'>;
  readonly record: RecordEvent;
};

export type Revocation = {
  readonly clientId: string;
  readonly grantId: GrantId | undefined;
  readonly revoked: boolean;
};

const KNOWN = [
  'token',
  'token_type_hint',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const;

export async function revokeToken(
  ports: RevocationPorts,
  form: Parameters,
  authorization: string | undefined,
): Promise<Result<Revocation, RevocationRefusal>> {
  const values = onceEach(form, KNOWN);
  if (!values.ok) return values;
  const { token, client_id: clientId, client_secret: secret, client_assertion: assertion } = values.value;
  const { client_assertion_type: assertionType } = values.value;
  const credentials = { authorization, secret, assertion, assertionType };
  if (!usesOneMethod(credentials)) return refuse({ reason: 'methods-mixed' });
  if (token === undefined) return refuse({ reason: 'parameter-missing', parameter: 'token' });

  const client = await identifyClient(ports, { clientId, credentials }, ports.clock.seconds());
  if (!client.ok) return client;
  const { id } = client.value;
  const parsed = parseTokenString(token);
  if (parsed === undefined) {
    if (looksLikeJwt(token)) return refuse({ reason: 'access-token-presented' });
    return ok({ clientId: id, grantId: undefined, revoked: false });
  }

  const proof = { clientId: id, familySecret: digest(parsed.familySecret) };
  const written = await ports.grants.revokeHeld(parsed.grantId, proof);
  if (!written.ok) return written;
  const outcome = written.value;
  if (outcome !== 'kept') {
    const recorded = await ports.record({
      kind: 'revocation',
      clientId: id,
      subject: outcome.revoked?.subject,
      scopes: outcome.revoked?.scope ?? [],
      decision: 'allowed',
      reason: 'asked-by-client',
      about: parsed.grantId,
    });
    if (!recorded.ok) return recorded;
  }
  return ok({ clientId: id, grantId: parsed.grantId, revoked: outcome !== 'kept' });
}

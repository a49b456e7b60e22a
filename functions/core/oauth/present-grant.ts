import type { Clock, Random, Seconds, Signer } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { accessTokenClaims, signAccessToken } from './access-token.ts';
import type { Allowance } from './allowance.ts';
import { admitted, type Client, type ClientRefusal } from './client.ts';
import { type AssertionPorts, claimedClientId } from './client-assertion.ts';
import { authenticated } from './client-authentication.ts';
import type { AuthenticationRefusal, TokenRefusal } from './errors.ts';
import type { Grant } from './grant.ts';
import { type ClientId, parseClientId } from './identifiers.ts';
import { CLIENT_IDLE, DAY } from './lifetimes.ts';
import type { RecordEvent } from './recorded.ts';
import { requestedResource } from './resource.ts';
import { parseScope } from './scope.ts';
import type { ClientDirectory, Grants, ItemCorrupt, Registry, StoreUnavailable } from './store.ts';
import type { TokenRequest } from './token-request.ts';
import { parseTokenString, type TokenString } from './token-string.ts';

/**
 * POST /token: what redeeming a code and rotating a refresh token have in common. Always in this order, and everything
 * before the only write:
 *
 * shape → client → resource, scope → grant → PKCE → allowance → sign → audit row → one conditional write → answer.
 *
 * So a request that is refused changes nothing, and neither the signing key nor a table failing spends a code or ends
 * a family. (A client's own assertion is used up when it has held: after any refusal it signs another.)
 */
export type TokenPorts = AssertionPorts & {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: ClientDirectory & Pick<Registry, 'extend'>;
  readonly grants: Pick<Grants, 'find' | 'redeem' | 'rotate' | 'revoke'>;
  /** How many tokens a client may have. */
  readonly allowance: Allowance;
  readonly signer: Signer;
  readonly record: RecordEvent;
  readonly issuer: string;
  readonly resource: string;
  /** How long a token that was just rotated still gives the same successor. Seconds; 0 is strict. */
  readonly refreshGrace: Seconds;
};

/** What the caller of /token gets, and what the log keeps of it. */
export type IssuedTokens = {
  readonly accessToken: string;
  readonly expiresIn: Seconds;
  readonly scope: readonly string[];
  readonly refreshToken: string | undefined;
  readonly client: Client;
  readonly grant: Grant;
  readonly tokenId: string;
};

/** One check of a policy: a reason to refuse, or nothing. A policy is a list of them, in order. */
export type Check<Facts> = (facts: Facts) => TokenRefusal | undefined;

export function firstRefusal<Facts>(policy: readonly Check<Facts>[], facts: Facts): TokenRefusal | undefined {
  for (const check of policy) {
    const refusal = check(facts);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** A request whose client, resource and scope are in order, and what it presents as its grant. */
export type Presented = {
  readonly now: Seconds;
  readonly client: Client;
  readonly resource: string;
  readonly scope: readonly string[] | undefined;
  readonly token: TokenString;
  readonly grant: Grant;
};

/** Reads client and grant at once, in one operation of DynamoDB's, then checks in the fixed order: client, resource, scope, grant. */
export async function presentGrant(
  ports: TokenPorts,
  request: TokenRequest,
  tokenText: string,
): Promise<Result<Presented, TokenRefusal>> {
  const now = ports.clock.seconds();
  const token = parseTokenString(tokenText);
  const [client, found] = await Promise.all([
    identifyClient(ports, request, now),
    token === undefined ? undefined : ports.grants.find(token.grantId),
  ]);
  if (!client.ok) return client;
  const resource = requestedResource(request.resources, ports.resource);
  if (!resource.ok) return resource;
  const scope = request.scope === undefined ? ok(undefined) : parseScope(request.scope);
  if (!scope.ok) return scope;
  if (token === undefined || found === undefined) return refuse({ reason: 'token-malformed' });
  if (!found.ok) return found;
  if (found.value === undefined) return refuse({ reason: 'grant-unknown', grantId: token.grantId });
  return ok({ now, client: client.value, resource: resource.value, scope: scope.value, token, grant: found.value });
}

/** The client the request names, if the registry admits it and it proves itself as its entry says. */
export async function identifyClient(
  ports: AssertionPorts & { readonly registry: ClientDirectory },
  request: Pick<TokenRequest, 'clientId' | 'credentials'>,
  now: Seconds,
): Promise<Result<Client, ClientRefusal | AuthenticationRefusal | StoreUnavailable | ItemCorrupt>> {
  const { assertion } = request.credentials;
  const named = request.clientId ?? (assertion === undefined ? undefined : claimedClientId(assertion));
  if (named === undefined) return refuse({ reason: 'client-missing' });
  const id: ClientId | undefined = parseClientId(named);
  if (id === undefined) return refuse({ reason: 'client-id-unusable' });
  const found = await ports.registry.find(id);
  if (!found.ok) return found;
  const client = admitted(found.value, id, now);
  return client.ok ? authenticated(ports, client.value, request.credentials, now) : client;
}

export const grantIsOfThisClient: Check<Presented> = ({ grant, client }) =>
  grant.clientId === client.id
    ? undefined
    : { reason: 'grant-of-another-client', grantId: grant.id, clientId: client.id };

export const grantIsForThisResource: Check<Presented> = ({ grant, resource }) =>
  grant.resource === resource
    ? undefined
    : { reason: 'resource-not-granted', grantId: grant.id, granted: grant.resource };

/**
 * A signed access token for the grant, if its client's allowance has one more, and on record. The request is proven by
 * now. No grant is written: refused, the same code or refresh token is good later, and a token whose write fails is thrown
 * away.
 */
export async function signFor(
  ports: TokenPorts,
  grant: Grant,
  scope: readonly string[],
  absoluteExpires: Seconds,
  now: Seconds,
): Promise<
  Result<{ readonly accessToken: string; readonly expiresIn: Seconds; readonly tokenId: string }, TokenRefusal>
> {
  const allowed = await ports.allowance(grant.clientId);
  if (!allowed.ok) return allowed;
  const claims = accessTokenClaims(grant, scope, ports.issuer, absoluteExpires, now, ports.random);
  const accessToken = await signAccessToken(ports.signer, claims);
  if (!accessToken.ok) return accessToken;
  const recorded = await ports.record({
    kind: 'token',
    clientId: grant.clientId,
    subject: grant.subject,
    scopes: scope,
    decision: 'allowed',
    reason: grant.status === 'code' ? 'authorization_code' : 'refresh_token',
    about: grant.id,
  });
  if (!recorded.ok) return recorded;
  return ok({ accessToken: accessToken.value, expiresIn: claims.exp - now, tokenId: claims.jti });
}

/**
 * Ends a grant whose code or refresh token was presented by somebody who should not have it any more (RFC 9700 section
 * 4.14.2). If the table cannot be reached the answer is 503, not `invalid_grant`: the caller comes again, and so does
 * the revocation. A grant that is revoked already never comes here, so there is one row for it.
 */
export async function refuseAndRevoke(
  ports: Pick<TokenPorts, 'grants' | 'record'>,
  grant: Grant,
  refusal: TokenRefusal,
): Promise<Result<never, TokenRefusal>> {
  const revoked = await ports.grants.revoke(grant.id);
  if (!revoked.ok) return revoked;
  const recorded = await ports.record({
    kind: 'revocation',
    clientId: grant.clientId,
    subject: grant.subject,
    scopes: grant.scope,
    decision: 'denied',
    reason: refusal.reason,
    about: grant.id,
  });
  return recorded.ok ? refuse(refusal) : recorded;
}

/**
 * Keeps a client that registered itself from expiring while it is in use. At most one write a day, after the answer is
 * certain; a failure is of no consequence and is tried again with the next token.
 */
export async function keepClient(ports: TokenPorts, client: Client): Promise<void> {
  const now = ports.clock.seconds();
  if (client.source !== 'dcr' || client.expires > now + CLIENT_IDLE - DAY) return;
  await ports.registry.extend(client.id, now, now + CLIENT_IDLE);
}

import type { Random, Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { admitted, type Client, reachOf } from './client.ts';
import { digest, sameDigest } from './digest.ts';
import type { BrowserRefusal, CompletionRefusal, LocalRefusal, TransactionFault } from './errors.ts';
import { type Grant, mintGrant } from './grant.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { onceEach, type Parameters } from './parameters.ts';
import { isRegistered } from './redirect-uri.ts';
import { downScoped, type Implications, intersection, knownRoles, scopesOfRoles } from './scope.ts';
import type { ClientDirectory, Grants, Transactions } from './store.ts';
import { parseUpstreamState, type Transaction, upstreamCookie } from './transaction.ts';
import { ownWrite, transactionRefusal } from './transaction-outcome.ts';

/**
 * GET /callback, in two halves. The first finds out whether this browser began a transaction that a person agreed to,
 * and uses it up; until then nobody is told anything. The second asks the identity provider who signed in and mints the
 * grant; from there on the client is told.
 */
export type ReturnPorts = {
  readonly now: Seconds;
  readonly random: Random;
  readonly registry: ClientDirectory;
  readonly transactions: Pick<Transactions, 'finish'>;
};

/** A transaction that was used up by coming back, and its client as the registry has it now. */
export type Returned = { readonly transaction: Transaction; readonly client: Client; readonly state: string };

export async function finishTransaction(
  ports: ReturnPorts,
  query: Parameters,
  cookie: (name: string) => string | undefined,
): Promise<Result<Returned, BrowserRefusal | LocalRefusal>> {
  const values = onceEach(query, ['state']);
  if (!values.ok) return values;
  const { state = '' } = values.value;
  const named = parseUpstreamState(state);
  if (named === undefined) return refuse({ reason: 'transaction-unnamed' });
  const held = cookie(upstreamCookie(named.id));
  if (held === undefined) return refuse({ reason: 'cookie-missing', cookie: 'st' });
  const proof = { now: ports.now, state: digest(named.secret) };
  if (!sameDigest(digest(held), proof.state)) return refuse({ reason: 'transaction-refused', fault: 'other-browser' });

  const mark = ports.random(16).toString('base64url');
  const finished = await ports.transactions.finish(named.id, proof, mark);
  const ours = ownWrite(finished, (found) => found.finishedBy === mark);
  if (!ours.ok) return refuse(transactionRefusal(ours.error, (found) => approvedFault(found, ports.now)));
  const transaction = ours.value;

  // The registry decides again: the operator may have switched the client off while somebody signed in.
  const found = await ports.registry.find(transaction.clientId);
  if (!found.ok) return found;
  const client = admitted(found.value, transaction.clientId, ports.now);
  if (!client.ok) return client;
  const { redirectUri, clientId } = transaction;
  if (!isRegistered(client.value.redirectUris, redirectUri)) {
    return refuse({ reason: 'redirect-uri-unregistered', redirectUri, clientId });
  }
  return ok({ transaction, client: client.value, state });
}

function approvedFault(found: Transaction | undefined, now: Seconds): TransactionFault {
  if (found === undefined) return 'unknown';
  if (found.expires <= now) return 'expired';
  return found.status === 'approved' ? 'other-state' : 'not-approved';
}

export type GrantPorts = {
  readonly now: Seconds;
  readonly random: Random;
  readonly grants: Pick<Grants, 'mint'>;
  readonly identity: Pick<IdentityProvider, 'exchange'>;
  /** Every scope there is. */
  readonly catalogue: readonly string[];
  /** What each role of the organisation allows. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** @default - no scope includes another */
  readonly implies?: Implications | undefined;
};

/** The grant that was stored, and the code that goes to the client. */
export type Granted = { readonly grant: Grant; readonly code: string };

/**
 * A person gets what the client may have at most, as far as they ticked it, as far as their roles allow it. Nobody
 * without a role, or without a tenant, gets a code.
 */
export async function grantAccess(
  ports: GrantPorts,
  { transaction, client, state }: Returned,
  query: Parameters,
  rawQuery: string,
): Promise<Result<Granted, CompletionRefusal>> {
  const refused = query.find(([name]) => name === 'error');
  if (refused !== undefined) return refuse({ reason: 'sign-in-refused', error: errorCode(refused[1]) });
  const { upstream, agreed = [] } = transaction;
  if (upstream === undefined)
    return refuse({ reason: 'identity-refused', detail: 'the transaction has no upstream leg' });

  const { nonce, verifier } = upstream;
  const identity = await ports.identity.exchange(rawQuery, { state, nonce, verifier });
  if (!identity.ok) return identity;
  const { subject, tenant } = identity.value;
  const roles = knownRoles(identity.value.roles, ports.roles);
  if (roles.length === 0) return refuse({ reason: 'no-role', subject, roles: identity.value.roles.slice(0, 10) });
  // Somebody of no tenant would be shown an empty database: better told now than puzzled later.
  if (tenant === undefined) return refuse({ reason: 'no-tenant', subject });

  const allowed = scopesOfRoles(roles, ports.roles);
  const ticked = intersection(transaction.scope, agreed);
  const scope = downScoped(ticked, ports.implies ?? {}, reachOf(client, ports.catalogue), allowed);
  if (scope.length === 0) return refuse({ reason: 'nothing-granted', subject, agreed: ticked });

  const minted = mintGrant(transaction, { subject, roles, tenant }, scope, ports.now, ports.random);
  const stored = await ports.grants.mint(minted.grant);
  return stored.ok ? ok(minted) : stored;
}

/** The provider's error code for the log, if it is one at all (RFC 6749 section 4.1.2.1); its text is never repeated. */
function errorCode(text: string): string {
  return /^[a-z_]{1,40}$/.test(text) ? text : 'unrecognised';
}

import type { Seconds } from '../ports.ts';
import type { Result } from '../result.ts';
import type { Client, ClientRefusal } from './client.ts';
import type { Digest } from './digest.ts';
import type { Grant, Superseded } from './grant.ts';
import type { ClientId, GrantId, TransactionId } from './identifiers.ts';
import type { Transaction, Upstream } from './transaction.ts';

/**
 * The store, as the authorization server needs it. Every write is conditional and touches one item; the condition is
 * part of each verb's contract and stands in its comment, because the safety of the server rests on it. Reads that
 * decide something are strongly consistent. Every condition checks the item's own end: an expired item that the table
 * has not cleaned up yet is an item that is not there.
 *
 * `test/contract/store-suite.ts` holds every implementation to this.
 */

/** The table cannot be reached, throttles, or took too long. Nothing is known to have been written. */
export type StoreUnavailable = {
  readonly reason: 'store-unavailable';
  readonly operation: string;
  readonly detail: string;
};

/** An item that is not what was written. Never guessed at: fails closed, with an alarm. */
export type ItemCorrupt = {
  readonly reason: 'item-corrupt';
  readonly item: 'client' | 'transaction' | 'grant';
  readonly id: string;
  readonly detail: string;
};

/** The condition was false. `found` is the item that made it so, `undefined` when there is none. */
export type ConditionFailed<T> = { readonly reason: 'condition-failed'; readonly found: T | undefined };

export type Read<T> = Promise<Result<T | undefined, StoreUnavailable | ItemCorrupt>>;
export type Written<T> = Promise<Result<T, ConditionFailed<T> | StoreUnavailable | ItemCorrupt>>;

/** Where a client is looked up: the registry's table, or what stands before it. */
export type ClientDirectory = {
  readonly find: (id: ClientId) => Promise<Result<Client | undefined, ClientRefusal | StoreUnavailable | ItemCorrupt>>;
};

export type Registry = {
  readonly find: (id: ClientId) => Read<Client>;
  /**
   * Adds a client that registered itself. Condition: `attribute_not_exists(pk) OR (exp <= now AND st <> off)`. A client
   * that is there stays as it is, which is no failure; one that the operator switched off stays off.
   */
  readonly admit: (client: Client, now: Seconds) => Promise<Result<'added' | 'kept', StoreUnavailable>>;
  /**
   * Moves the end of a client that is in use. Changes `exp` and `ttl`, nothing else. Condition:
   * `st = on AND exp > now AND exp < expires`.
   */
  readonly extend: (
    id: ClientId,
    now: Seconds,
    expires: Seconds,
  ) => Promise<Result<'extended' | 'kept', StoreUnavailable>>;
};

/** What the browser that began a transaction brings back with the consent form. */
export type ConsentProof = { readonly now: Seconds; readonly browser: Digest; readonly csrf: Digest };

export type Transactions = {
  /** Condition: `attribute_not_exists(pk)`. */
  readonly open: (transaction: Transaction) => Promise<Result<void, StoreUnavailable>>;
  /** pending → approved. Condition: `st = pending AND exp > now AND bind = browser AND csrf = csrf`. */
  readonly approve: (
    id: TransactionId,
    proof: ConsentProof,
    consent: { readonly upstream: Upstream; readonly agreed: readonly string[] },
  ) => Written<Transaction>;
  /** pending → denied. The same condition as `approve`. */
  readonly deny: (id: TransactionId, proof: ConsentProof) => Written<Transaction>;
  /**
   * approved → done, by the request that `mark` names. Condition: `st = approved AND exp > now AND ust = state`, where
   * `ust` is the digest of the state that went to the identity provider.
   */
  readonly finish: (
    id: TransactionId,
    proof: { readonly now: Seconds; readonly state: Digest },
    mark: string,
  ) => Written<Transaction>;
};

/** What redeeming a code writes. */
export type Redemption = {
  readonly familySecret: Digest;
  readonly current: Digest;
  readonly idleExpires: Seconds;
  readonly absoluteExpires: Seconds;
};

/** What rotating a refresh token writes. */
export type Rotation = { readonly current: Digest; readonly superseded: Superseded; readonly idleExpires: Seconds };

export type Grants = {
  readonly find: (id: GrantId) => Read<Grant>;
  /** Condition: `attribute_not_exists(pk)`. */
  readonly mint: (grant: Grant) => Promise<Result<void, StoreUnavailable>>;
  /** code → active. Condition: `st = code AND ch = code AND cexp > now`. */
  readonly redeem: (
    id: GrantId,
    proof: { readonly now: Seconds; readonly code: Digest },
    next: Redemption,
  ) => Written<Grant>;
  /** active → active, one generation on. Condition: `st = active AND rt = current AND abs > now AND idle > now`. */
  readonly rotate: (
    id: GrantId,
    proof: { readonly now: Seconds; readonly current: Digest },
    next: Rotation,
  ) => Written<Grant>;
  /**
   * → revoked, by a client that holds a token of the family. Condition:
   * `cid = client AND fh = familySecret AND st <> revoked`. Gives the grant, since the write knows it anyway: undefined where
   * its item is not what was written, which is revoked all the same.
   */
  readonly revokeHeld: (
    id: GrantId,
    proof: { readonly clientId: ClientId; readonly familySecret: Digest },
  ) => Promise<Result<{ readonly revoked: Grant | undefined } | 'kept', StoreUnavailable>>;
  /** → revoked, because a token of it was used twice, or the operator says so. Condition: `attribute_exists(pk)`. */
  readonly revoke: (id: GrantId) => Promise<Result<'revoked' | 'kept', StoreUnavailable>>;
};

/**
 * What only the operator does to the registry. No function holds this: the `gatehouse` command does, with the
 * operator's own credentials.
 */
export type RegistryDesk = {
  /** Writes a client the operator vouches for. Condition: `attribute_not_exists(pk)`. */
  readonly enrol: (client: Client) => Promise<Result<'added' | 'kept', StoreUnavailable>>;
  /**
   * Switches a client off, and takes its end away: it must still be off on the day it would have expired, or registering
   * again would be a way back in. Condition: `attribute_exists(pk)`.
   */
  readonly disable: (id: ClientId) => Promise<Result<'changed' | 'unknown', StoreUnavailable>>;
  /** Switches it on again until `expires`. Condition: `attribute_exists(pk)`. */
  readonly enable: (id: ClientId, expires: Seconds) => Promise<Result<'changed' | 'unknown', StoreUnavailable>>;
};

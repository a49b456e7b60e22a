import type { Random, Seconds } from '../ports.ts';
import { type Digest, digest } from './digest.ts';
import { type ClientId, drawSecret, drawTransactionId, parseTransactionId, type TransactionId } from './identifiers.ts';
import { TRANSACTION } from './lifetimes.ts';

/** What the client asked for, every value checked. */
export type AuthorizationRequest = {
  readonly clientId: ClientId;
  readonly redirectUri: string;
  /** The client's own, given back unchanged. */
  readonly state: string | undefined;
  readonly challenge: string;
  readonly scope: readonly string[];
  readonly resource: string;
};

/**
 * One sign-in in progress, from the consent page to the return from the identity provider.
 *
 * pending → approved → done, or pending → denied. Each step is one conditional write, so each happens once. The item
 * knows the browser by a digest of its cookie and the page by a digest of its form field; it keeps neither.
 */
export type Transaction = AuthorizationRequest & {
  readonly id: TransactionId;
  readonly status: 'pending' | 'approved' | 'denied' | 'done';
  readonly browser: Digest;
  readonly csrf: Digest;
  readonly expires: Seconds;
  /** Only after consent: what the identity provider must bring back, and which boxes stayed ticked. */
  readonly upstream: Upstream | undefined;
  readonly agreed: readonly string[] | undefined;
  /** Which request used it up: tells our own write, seen again after its answer got lost, from somebody else's. */
  readonly finishedBy: string | undefined;
};

export type Upstream = { readonly state: Digest; readonly nonce: string; readonly verifier: string };

/** The secrets of a new transaction: one for the browser's cookie, one for the page's form. */
export type OpenedTransaction = {
  readonly transaction: Transaction;
  readonly browserSecret: string;
  readonly csrfSecret: string;
};

export function openTransaction(request: AuthorizationRequest, now: Seconds, random: Random): OpenedTransaction {
  const browserSecret = drawSecret(random);
  const csrfSecret = drawSecret(random);
  const transaction: Transaction = {
    ...request,
    id: drawTransactionId(random),
    status: 'pending',
    browser: digest(browserSecret),
    csrf: digest(csrfSecret),
    expires: now + TRANSACTION,
    upstream: undefined,
    agreed: undefined,
    finishedBy: undefined,
  };
  return { transaction, browserSecret, csrfSecret };
}

/** What goes to the identity provider once the person has agreed, and not a moment before. */
export type UpstreamLeg = { readonly state: string; readonly secret: string; readonly upstream: Upstream };

export function drawUpstreamLeg(id: TransactionId, random: Random): UpstreamLeg {
  const secret = drawSecret(random);
  const upstream = { state: digest(secret), nonce: drawSecret(random), verifier: drawSecret(random) };
  return { state: `${id}.${secret}`, secret, upstream };
}

/** The transaction and the secret that the identity provider's `state` carries. */
export function parseUpstreamState(state: string): { readonly id: TransactionId; readonly secret: string } | undefined {
  const [id = '', secret = '', ...rest] = state.split('.', 3);
  const transactionId = parseTransactionId(id);
  if (transactionId === undefined || secret === '' || rest.length > 0) return undefined;
  return { id: transactionId, secret };
}

/** Cookie names carry the transaction, so that two tabs do not undo each other. */
export function browserCookie(id: TransactionId): string {
  return `txn-${id}`;
}

export function upstreamCookie(id: TransactionId): string {
  return `st-${id}`;
}

import * as z from 'zod/mini';
import { parseClientId, type TransactionId } from '../core/oauth/identifiers.ts';
import type { ConsentProof, ItemCorrupt, Transactions } from '../core/oauth/store.ts';
import type { Transaction } from '../core/oauth/transaction.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { faultsOf, type Item, L, N, number, oneOf, present, S, string, strings } from './dynamodb-item.ts';
import { type Condition, change, putDrawn, type Table } from './dynamodb-table.ts';

/**
 * Sign-ins in progress, in DynamoDB: items `TXN#<id>`.
 *
 * `bind` and `csrf` are digests of the browser's cookie and the page's form field, `ust` the digest of the `state` that
 * the identity provider must bring back, with its `nonce` and `verifier`. `mark` tells which request finished it.
 */
export function createDynamoDbTransactions(table: Table): Transactions {
  return {
    open: (transaction) => putDrawn(table, itemOf(transaction)),
    approve: (id, proof, { upstream, agreed }) =>
      change(
        table,
        keyOf(id),
        {
          expression: 'SET #st = :approved, #ust = :ust, #nonce = :nonce, #verifier = :verifier, #agreed = :agreed',
          values: {
            ':approved': string('approved'),
            ':ust': string(upstream.state),
            ':nonce': string(upstream.nonce),
            ':verifier': string(upstream.verifier),
            ':agreed': strings(agreed),
          },
        },
        pendingFrom(proof),
        (item) => readTransaction(id, item),
      ),
    deny: (id, proof) =>
      change(
        table,
        keyOf(id),
        { expression: 'SET #st = :denied', values: { ':denied': string('denied') } },
        pendingFrom(proof),
        (item) => readTransaction(id, item),
      ),
    finish: (id, { now, state }, mark) =>
      change(
        table,
        keyOf(id),
        { expression: 'SET #st = :done, #mark = :mark', values: { ':done': string('done'), ':mark': string(mark) } },
        {
          expression: '#st = :approved AND #exp > :now AND #ust = :state',
          values: { ':approved': string('approved'), ':now': number(now), ':state': string(state) },
        },
        (item) => readTransaction(id, item),
      ),
  };
}

function pendingFrom({ now, browser, csrf }: ConsentProof): Condition {
  return {
    expression: '#st = :pending AND #exp > :now AND #bind = :browser AND #csrf = :csrf',
    values: {
      ':pending': string('pending'),
      ':now': number(now),
      ':browser': string(browser),
      ':csrf': string(csrf),
    },
  };
}

function keyOf(id: TransactionId): string {
  return `TXN#${id}`;
}

function itemOf(transaction: Transaction): Item {
  const { upstream, agreed, state, finishedBy } = transaction;
  return present({
    pk: string(keyOf(transaction.id)),
    st: string(transaction.status),
    bind: string(transaction.browser),
    csrf: string(transaction.csrf),
    cid: string(transaction.clientId),
    uri: string(transaction.redirectUri),
    state: state === undefined ? undefined : string(state),
    chal: string(transaction.challenge),
    scope: strings(transaction.scope),
    res: string(transaction.resource),
    ust: upstream && string(upstream.state),
    nonce: upstream && string(upstream.nonce),
    verifier: upstream && string(upstream.verifier),
    agreed: agreed && strings(agreed),
    mark: finishedBy === undefined ? undefined : string(finishedBy),
    exp: number(transaction.expires),
    ttl: number(transaction.expires),
  });
}

const Stored = z.object({
  st: oneOf(['pending', 'approved', 'denied', 'done']),
  bind: S,
  csrf: S,
  cid: S,
  uri: S,
  state: z.optional(S),
  chal: S,
  scope: L,
  res: S,
  ust: z.optional(S),
  nonce: z.optional(S),
  verifier: z.optional(S),
  agreed: z.optional(L),
  mark: z.optional(S),
  exp: N,
});

function readTransaction(id: TransactionId, item: Item): Result<Transaction, ItemCorrupt> {
  const corrupt = (detail: string) => refuse({ reason: 'item-corrupt', item: 'transaction', id, detail });
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return corrupt(faultsOf(parsed.error));
  const stored = parsed.data;
  const clientId = parseClientId(stored.cid);
  if (clientId === undefined) return corrupt('cid');
  const { ust, nonce, verifier } = stored;
  const leg = ust !== undefined && nonce !== undefined && verifier !== undefined;
  return ok({
    id,
    status: stored.st,
    browser: stored.bind,
    csrf: stored.csrf,
    clientId,
    redirectUri: stored.uri,
    state: stored.state,
    challenge: stored.chal,
    scope: stored.scope,
    resource: stored.res,
    upstream: leg ? { state: ust, nonce, verifier } : undefined,
    agreed: stored.agreed,
    finishedBy: stored.mark,
    expires: stored.exp,
  });
}

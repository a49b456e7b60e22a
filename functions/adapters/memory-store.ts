import type { Client } from '../core/oauth/client.ts';
import type { Assertions } from '../core/oauth/client-assertion.ts';
import type { Grant } from '../core/oauth/grant.ts';
import { NEVER } from '../core/oauth/lifetimes.ts';
import type {
  ConditionFailed,
  ConsentProof,
  Grants,
  Registry,
  RegistryDesk,
  StoreUnavailable,
  Transactions,
} from '../core/oauth/store.ts';
import { type Millis, type TokenBuckets, takeBatch } from '../core/oauth/token-bucket.ts';
import type { Transaction } from '../core/oauth/transaction.ts';
import { ok, type Result, refuse } from '../core/result.ts';

/**
 * The store in memory: the reference that the contract suite holds the others to, and what tests run on. Between the
 * check of a condition and its write nothing else happens, as in DynamoDB; everywhere else time may pass.
 */
export type MemoryStore = {
  readonly registry: Registry;
  readonly desk: RegistryDesk;
  readonly transactions: Transactions;
  readonly grants: Grants;
  readonly assertions: Assertions;
  readonly buckets: TokenBuckets;
  /** Everything it holds, to look for what must not be there. */
  readonly contents: () => readonly (Client | Transaction | Grant)[];
};

export type MemoryStoreOptions = {
  /**
   * Called before each operation takes effect and after it has, with its name (`grants.redeem`). A test holds it back to
   * let others pass, or throws in it: before, the operation never happened; after, it happened and its answer is lost.
   */
  readonly pause?: (operation: string, moment: 'before' | 'after') => Promise<void>;
  /** Carries out every write twice and answers with the second outcome, as an SDK does that lost the first answer. */
  readonly repeatWrites?: boolean;
};

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const clients = new Map<string, Client>();
  const transactions = new Map<string, Transaction>();
  const grants = new Map<string, Grant>();
  const assertions = new Map<string, number>();
  const buckets = new Map<string, Millis>();
  const { pause = async () => {}, repeatWrites = false } = options;

  const during = async <T, E>(
    operation: string,
    effect: () => Result<T, E>,
  ): Promise<Result<T, E | StoreUnavailable>> => {
    try {
      await pause(operation, 'before');
      const outcome = effect();
      await pause(operation, 'after');
      return outcome;
    } catch (error) {
      return refuse({ reason: 'store-unavailable', operation, detail: String(error) });
    }
  };
  const read = <T>(operation: string, items: ReadonlyMap<string, T>, id: string) =>
    during<T | undefined, never>(operation, () => ok(items.get(id)));
  const write = <T>(
    operation: string,
    items: Map<string, T>,
    id: string,
    step: (found: T | undefined) => T | undefined,
  ): Promise<Result<T, ConditionFailed<T> | StoreUnavailable>> => {
    const once = (): Result<T, ConditionFailed<T>> => {
      const found = items.get(id);
      const next = step(found);
      if (next === undefined) return refuse({ reason: 'condition-failed', found });
      items.set(id, next);
      return ok(next);
    };
    return during(operation, () => {
      const outcome = once();
      return repeatWrites ? once() : outcome;
    });
  };

  return {
    registry: {
      find: (id) => read('registry.find', clients, id),
      admit: async (client, now) =>
        as(
          await write('registry.admit', clients, client.id, (found) =>
            found === undefined || (found.expires <= now && found.status !== 'off') ? client : undefined,
          ),
          'added',
          'kept',
        ),
      extend: async (id, now, expires) =>
        as(
          await write('registry.extend', clients, id, (found) =>
            found?.status === 'on' && found.expires > now && found.expires < expires
              ? { ...found, expires }
              : undefined,
          ),
          'extended',
          'kept',
        ),
    },
    desk: {
      enrol: async (client) =>
        as(await write('desk.enrol', clients, client.id, (found) => (found ? undefined : client)), 'added', 'kept'),
      disable: async (id) =>
        as(
          await write(
            'desk.disable',
            clients,
            id,
            (found) => found && { ...found, status: 'off' as const, expires: NEVER },
          ),
          'changed',
          'unknown',
        ),
      enable: async (id, expires) =>
        as(
          await write('desk.enable', clients, id, (found) => found && { ...found, status: 'on' as const, expires }),
          'changed',
          'unknown',
        ),
    },
    transactions: {
      open: async (transaction) =>
        drawn(
          await write('transactions.open', transactions, transaction.id, (found) => (found ? undefined : transaction)),
        ),
      approve: (id, proof, { upstream, agreed }) =>
        write('transactions.approve', transactions, id, (found) =>
          isPending(found, proof) ? { ...found, status: 'approved', upstream, agreed } : undefined,
        ),
      deny: (id, proof) =>
        write('transactions.deny', transactions, id, (found) =>
          isPending(found, proof) ? { ...found, status: 'denied' } : undefined,
        ),
      finish: (id, { now, state }, mark) =>
        write('transactions.finish', transactions, id, (found) =>
          found?.status === 'approved' && found.expires > now && found.upstream?.state === state
            ? { ...found, status: 'done', finishedBy: mark }
            : undefined,
        ),
    },
    grants: {
      find: (id) => read('grants.find', grants, id),
      mint: async (grant) =>
        drawn(await write('grants.mint', grants, grant.id, (found) => (found ? undefined : grant))),
      redeem: (id, { now, code }, next) =>
        write('grants.redeem', grants, id, (found) => {
          const good =
            found?.status === 'code' && found.code === code && found.codeExpires > now && found.expires > now;
          if (!good) return undefined;
          const { familySecret, current, idleExpires, absoluteExpires } = next;
          const family = { current, superseded: undefined, generation: 0, idleExpires, absoluteExpires };
          return { ...found, status: 'active', familySecret, family, expires: idleExpires };
        }),
      rotate: (id, { now, current }, next) =>
        write('grants.rotate', grants, id, (found) => {
          const { family } = found ?? {};
          if (found?.status !== 'active' || family === undefined || found.expires <= now) return undefined;
          if (family.current !== current || family.absoluteExpires <= now || family.idleExpires <= now)
            return undefined;
          const rotated = { ...family, ...next, generation: family.generation + 1 };
          return { ...found, family: rotated, expires: next.idleExpires };
        }),
      revokeHeld: async (id, { clientId, familySecret }) => {
        const written = await write('grants.revokeHeld', grants, id, (found) => {
          const held = found?.clientId === clientId && found.familySecret === familySecret;
          return held && found.status !== 'revoked' ? { ...found, status: 'revoked' as const } : undefined;
        });
        if (written.ok) return ok({ revoked: written.value });
        return written.error.reason === 'condition-failed' ? ok('kept') : refuse(written.error);
      },
      revoke: async (id) =>
        as(
          await write('grants.revoke', grants, id, (found) => found && { ...found, status: 'revoked' as const }),
          'revoked',
          'kept',
        ),
    },
    assertions: {
      spend: (clientId, jti, now, expires) =>
        during('assertions.spend', () => {
          const key = JSON.stringify([clientId, jti]);
          if ((assertions.get(key) ?? now) > now) return ok('replayed');
          assertions.set(key, expires);
          return ok('spent');
        }),
    },
    buckets: {
      take: (clientId, bucket, now) => {
        const once = () => {
          const taken = takeBatch(bucket, buckets.get(clientId), now);
          if (taken.ok) buckets.set(clientId, taken.value);
          return taken.ok ? ok(undefined) : taken;
        };
        return during('buckets.take', () => {
          const outcome = once();
          return repeatWrites ? once() : outcome;
        });
      },
    },
    contents: () => [...clients.values(), ...transactions.values(), ...grants.values()],
  };
}

function isPending(found: Transaction | undefined, { now, browser, csrf }: ConsentProof): found is Transaction {
  return found?.status === 'pending' && found.expires > now && found.browser === browser && found.csrf === csrf;
}

/** A write whose condition may be false without that being a failure. */
function as<const Yes, const No, T>(
  written: Result<T, ConditionFailed<T> | StoreUnavailable>,
  yes: Yes,
  no: No,
): Result<Yes | No, StoreUnavailable> {
  if (written.ok) return ok(yes);
  return written.error.reason === 'condition-failed' ? ok(no) : refuse(written.error);
}

/** Under a drawn id there is nothing but our own write. */
function drawn<T>(written: Result<T, ConditionFailed<T> | StoreUnavailable>): Result<void, StoreUnavailable> {
  const outcome = as(written, 'put', 'there');
  return outcome.ok ? ok(undefined) : outcome;
}

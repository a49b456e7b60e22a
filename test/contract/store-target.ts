import type { Grants, Registry, RegistryDesk, Transactions } from '../../functions/core/oauth/store.ts';

export type Store = {
  readonly registry: Registry;
  readonly desk: RegistryDesk;
  readonly transactions: Transactions;
  readonly grants: Grants;
};

export type StoreTarget = {
  readonly name: string;
  readonly open: () => Promise<{ readonly store: Store; readonly close: () => Promise<void> }>;
  /** Why a failed condition comes without the item that made it fail, where it does. */
  readonly withoutItem?: string;
};

export const NOW = 1_000_000;
export const failed = (found: unknown) => ({ ok: false, error: { reason: 'condition-failed', found } });

/** The item of a failed condition, where the store tells it. */
export type Told = (found: unknown) => unknown;

import type { Seconds } from '../../ports.ts';
import type { Result } from '../../result.ts';
import { digest } from '../digest.ts';
import type { ClientId } from '../identifiers.ts';
import type { Read, StoreUnavailable } from '../store.ts';
import type { HostRules } from './rule.ts';

/** The item's key: a digest, because an address has everything in it that a key must not have. */
export function documentKey(url: ClientId): string {
  return `CIMD#${digest(url)}`;
}

/** A document as it was fetched. It is judged again whenever it is read: a rule or a check may have changed since. */
export type StoredDocument = {
  readonly url: ClientId;
  readonly status: 'on' | 'off';
  readonly text: string;
  /** The JWK set from its `jwks_uri`, as text. */
  readonly keys: string | undefined;
  /** Until then a sign-in begins without a fetch. */
  readonly freshUntil: Seconds;
  /** Until then the token endpoint, which fetches nothing, knows the client. */
  readonly expires: Seconds;
};

export type Documents = {
  readonly find: (url: ClientId) => Read<StoredDocument>;
  /** Condition: `attribute_not_exists(pk) OR st <> off`. What the operator switched off stays off. */
  readonly keep: (document: StoredDocument) => Promise<Result<'kept' | 'off', StoreUnavailable>>;
};

export type Rules = { readonly find: (host: string) => Read<HostRules> };

/** The operator's side of the rules. No function holds this. */
export type RulesDesk = { readonly write: (host: string, rules: HostRules) => Promise<Result<void, StoreUnavailable>> };

/** What came from an address, and for how many seconds its owner lets it be kept. */
export type Fetched = { readonly text: string; readonly freshFor: Seconds };

/** Nothing was fetched, to spare the host. The address may be asked for again after `retryAfter`. */
export type HostSpared = { readonly reason: 'host-spared'; readonly retryAfter: Seconds };

/** A phrase for the log, never for the wire: it tells what this server can reach. Or that it was not tried. */
export type FetchFailure = string | HostSpared;

export type FetchDocument = (url: string) => Promise<Result<Fetched, FetchFailure>>;

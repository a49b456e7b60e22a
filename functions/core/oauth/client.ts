import type { Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { ClientKey } from './cimd/client-keys.ts';
import type { ClientId } from './identifiers.ts';
import { plainName } from './plain-name.ts';

export const GRANT_TYPES = ['authorization_code', 'refresh_token'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** How a client proves itself at the token endpoint. No secret is ever issued, so none can leak. */
export type ClientAuthentication = 'none' | 'private_key_jwt';

/** An entry of the registry. No entry that admits the client: no consent page, no token. */
export type Client = {
  readonly id: ClientId;
  /** Which door it came through: the operator, registration, or a client id metadata document. */
  readonly source: 'static' | 'dcr' | 'cimd';
  /** `off` is the operator's word, and holds at the consent page, at the token endpoint and at a refresh at once. */
  readonly status: 'on' | 'off';
  /** What it calls itself. Nobody verified it. */
  readonly name: string | undefined;
  readonly redirectUris: readonly string[];
  readonly authentication: ClientAuthentication;
  /** What its assertions verify with. A client that need not sign may have keys too: what it signs must then verify. */
  readonly keys?: readonly ClientKey[] | undefined;
  readonly grantTypes: readonly GrantType[];
  /** The most it may ever have; `undefined` is every scope the server knows. */
  readonly ceiling: readonly string[] | undefined;
  /** The vetted clients whose redirect URIs it brought, when it registered itself. */
  readonly vettedAs: readonly string[];
  readonly expires: Seconds;
};

export type ClientRefusal =
  | { readonly reason: 'client-missing' }
  | { readonly reason: 'client-id-unusable' }
  | { readonly reason: 'client-unknown'; readonly clientId: string }
  | { readonly reason: 'client-disabled'; readonly clientId: string }
  | { readonly reason: 'document-not-admitted'; readonly clientId: string }
  | { readonly reason: 'document-unusable'; readonly clientId: string; readonly detail: string }
  | { readonly reason: 'document-not-fetched'; readonly clientId: string; readonly retryAfter: Seconds }
  | { readonly reason: 'client-expired'; readonly clientId: string; readonly expires: Seconds; readonly now: Seconds };

/** The client, if the registry admits it now. An item past its `expires` is gone even while the table still has it. */
export function admitted(client: Client | undefined, id: ClientId, now: Seconds): Result<Client, ClientRefusal> {
  if (client === undefined) return refuse({ reason: 'client-unknown', clientId: id });
  if (client.status === 'off') return refuse({ reason: 'client-disabled', clientId: id });
  const { expires } = client;
  return expires > now ? ok(client) : refuse({ reason: 'client-expired', clientId: id, expires, now });
}

/** What people read in a log line: the name it gave itself, or its id. */
export function labelOf(client: Client): string {
  return plainName(client.name) ?? client.id;
}

/** The most this client may have of the scopes there are. */
export function reachOf(client: Client, catalogue: readonly string[]): readonly string[] {
  const { ceiling } = client;
  return ceiling === undefined ? catalogue : catalogue.filter((scope) => ceiling.includes(scope));
}

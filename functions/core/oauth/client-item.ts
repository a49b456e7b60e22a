import * as z from 'zod/mini';
import type { Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import {
  type Attribute,
  faultsOf,
  type ItemChange,
  L,
  N,
  number,
  oneOf,
  present,
  S,
  string,
  strings,
} from './attributes.ts';
import { type ClientKey, readClientKeys } from './cimd/client-keys.ts';
import { isDocumentUrl } from './cimd/document-url.ts';
import { documentKey } from './cimd/store.ts';
import { type Client, GRANT_TYPES, type GrantType } from './client.ts';
import type { ClientId } from './identifiers.ts';
import { NEVER } from './lifetimes.ts';
import type { ItemCorrupt } from './store.ts';

/**
 * The item `CLIENT#<id>` of the registry. `st` on | off, `exp` the end that every decision looks at, `ttl` the same for
 * the table's own cleaning, which may come days later. A client the operator wrote has no `ttl`.
 *
 * It stands in the core because two sides write it, the functions and the operator's command, with a table client each:
 * a second definition would drift, and a client that one side switched off would be on for the other.
 */
export const CLIENT_KEY = 'CLIENT#';

export function clientKey(id: ClientId): string {
  return isDocumentUrl(id) ? documentKey(id) : `${CLIENT_KEY}${id}`;
}

export function clientItem(client: Client): Record<string, Attribute> {
  return present<Attribute>({
    pk: string(clientKey(client.id)),
    src: string(client.source),
    st: string(client.status),
    name: client.name === undefined ? undefined : string(client.name),
    uris: strings(client.redirectUris),
    auth: string(client.authentication),
    jwks: client.keys === undefined ? undefined : string(JSON.stringify({ keys: client.keys })),
    grants: strings(client.grantTypes),
    scope: client.ceiling === undefined ? undefined : strings(client.ceiling),
    vetted: strings(client.vettedAs),
    exp: number(client.expires),
    ttl: client.expires < NEVER ? number(client.expires) : undefined,
  });
}

const Stored = z.object({
  src: oneOf(['static', 'dcr', 'cimd']),
  st: oneOf(['on', 'off']),
  name: z.optional(S),
  uris: L,
  auth: oneOf(['none', 'private_key_jwt']),
  jwks: z.optional(S),
  grants: L,
  scope: z.optional(L),
  vetted: L,
  exp: N,
});

export function readClientItem(id: ClientId, item: Readonly<Record<string, unknown>>): Result<Client, ItemCorrupt> {
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return refuse({ reason: 'item-corrupt', item: 'client', id, detail: faultsOf(parsed.error) });
  const stored = parsed.data;
  const keys = keysIn(stored.jwks);
  if (!keys.ok) return refuse({ reason: 'item-corrupt', item: 'client', id, detail: 'jwks' });
  return ok({
    id,
    source: stored.src,
    status: stored.st,
    name: stored.name,
    redirectUris: stored.uris,
    authentication: stored.auth,
    keys: keys.value,
    grantTypes: GRANT_TYPES.filter((type): type is GrantType => stored.grants.includes(type)),
    ceiling: stored.scope,
    vettedAs: stored.vetted,
    expires: stored.exp,
  });
}

/**
 * Switches a client off and takes its end away: it must still be off on the day it would have expired, or registering
 * again would be a way back in.
 */
export const SWITCH_OFF: ItemChange = {
  expression: 'SET #st = :off, #exp = :never REMOVE #ttl',
  values: { ':off': string('off'), ':never': number(NEVER) },
};

/** Switches a client on until `expires`; with {@link NEVER}, the table's own cleaning must not take it either. */
export function switchOn(expires: Seconds): ItemChange {
  const bounded = expires < NEVER;
  return {
    expression: `SET #st = :on, #exp = :expires${bounded ? ', #ttl = :expires' : ' REMOVE #ttl'}`,
    values: { ':on': string('on'), ':expires': number(expires) },
  };
}

function keysIn(jwks: string | undefined): Result<readonly ClientKey[] | undefined, string> {
  if (jwks === undefined) return ok(undefined);
  try {
    return readClientKeys(JSON.parse(jwks));
  } catch {
    return refuse('it is no JSON');
  }
}

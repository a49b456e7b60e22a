import * as z from 'zod/mini';
import { type Client, GRANT_TYPES, type GrantType } from '../core/oauth/client.ts';
import type { ClientId } from '../core/oauth/identifiers.ts';
import { NEVER } from '../core/oauth/lifetimes.ts';
import type { ItemCorrupt, Registry, RegistryDesk } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { faultsOf, type Item, L, N, number, oneOf, present, S, string, strings } from './dynamodb-item.ts';
import { find, type Table } from './dynamodb-table.ts';

/**
 * The registry in DynamoDB: items `CLIENT#<id>`.
 *
 * `st` on | off, `exp` the end that every decision looks at, `ttl` the same for the table's own cleaning, which may come
 * days later. A client the operator wrote has no `ttl`.
 */
export function createDynamoDbRegistry(table: Table): Registry {
  return {
    find: (id) => find(table, keyOf(id), (item) => readClient(id, item)),
    admit: async (client, now) => {
      const written = await table.put(itemOf(client), {
        expression: 'attribute_not_exists(#pk) OR (#exp <= :now AND #st <> :off)',
        values: { ':now': number(now), ':off': string('off') },
      });
      return addedOrKept(written);
    },
    extend: async (id, now, expires) => {
      const written = await table.update(
        keyOf(id),
        { expression: 'SET #exp = :expires, #ttl = :expires', values: { ':expires': number(expires) } },
        {
          expression: '#st = :on AND #exp > :now AND #exp < :expires',
          values: { ':on': string('on'), ':now': number(now) },
        },
      );
      if (written.ok) return ok('extended');
      return written.error.reason === 'condition-failed' ? ok('kept') : refuse(written.error);
    },
  };
}

/** The operator's side of the same items. No function is given this. */
export function createDynamoDbRegistryDesk(table: Table): RegistryDesk {
  return {
    enrol: async (client) => addedOrKept(await table.put(itemOf(client), { expression: 'attribute_not_exists(#pk)' })),
    disable: async (id) => {
      const change = {
        expression: 'SET #st = :off, #exp = :never REMOVE #ttl',
        values: { ':off': string('off'), ':never': number(NEVER) },
      };
      return changedOrUnknown(await table.update(keyOf(id), change, { expression: 'attribute_exists(#pk)' }));
    },
    enable: async (id, expires) => {
      const bounded = expires < NEVER;
      const change = {
        expression: `SET #st = :on, #exp = :expires${bounded ? ', #ttl = :expires' : ''}`,
        values: { ':on': string('on'), ':expires': number(expires) },
      };
      return changedOrUnknown(await table.update(keyOf(id), change, { expression: 'attribute_exists(#pk)' }));
    },
  };
}

function addedOrKept<E extends { readonly reason: string }>(
  written: Result<unknown, E | { readonly reason: 'condition-failed' }>,
): Result<'added' | 'kept', Exclude<E, { reason: 'condition-failed' }>> {
  if (written.ok) return ok('added');
  const { error } = written;
  return error.reason === 'condition-failed' ? ok('kept') : refuse(error as Exclude<E, { reason: 'condition-failed' }>);
}

function changedOrUnknown<E extends { readonly reason: string }>(
  written: Result<unknown, E | { readonly reason: 'condition-failed' }>,
): Result<'changed' | 'unknown', Exclude<E, { reason: 'condition-failed' }>> {
  const outcome = addedOrKept(written);
  return outcome.ok ? ok(outcome.value === 'added' ? 'changed' : 'unknown') : outcome;
}

function keyOf(id: ClientId): string {
  return `CLIENT#${id}`;
}

function itemOf(client: Client): Item {
  return present({
    pk: string(keyOf(client.id)),
    src: string(client.source),
    st: string(client.status),
    name: client.name === undefined ? undefined : string(client.name),
    uris: strings(client.redirectUris),
    auth: string(client.authentication),
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
  grants: L,
  scope: z.optional(L),
  vetted: L,
  exp: N,
});

function readClient(id: ClientId, item: Item): Result<Client, ItemCorrupt> {
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return refuse({ reason: 'item-corrupt', item: 'client', id, detail: faultsOf(parsed.error) });
  const stored = parsed.data;
  return ok({
    id,
    source: stored.src,
    status: stored.st,
    name: stored.name,
    redirectUris: stored.uris,
    authentication: stored.auth,
    grantTypes: GRANT_TYPES.filter((type): type is GrantType => stored.grants.includes(type)),
    ceiling: stored.scope,
    vettedAs: stored.vetted,
    expires: stored.exp,
  });
}

import { clientItem, clientKey, readClientItem, SWITCH_OFF, switchOn } from '../core/oauth/client-item.ts';
import type { Registry, RegistryDesk } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { number, string } from './dynamodb-item.ts';
import { find, type Table } from './dynamodb-table.ts';

/** The registry in DynamoDB: items `CLIENT#<id>`. `core/oauth/client-item.ts` has the attributes. */
export function createDynamoDbRegistry(table: Table): Registry {
  return {
    find: (id) => find(table, clientKey(id), (item) => readClientItem(id, item)),
    admit: async (client, now) => {
      const written = await table.put(clientItem(client), {
        expression: 'attribute_not_exists(#pk) OR (#exp <= :now AND #st <> :off)',
        values: { ':now': number(now), ':off': string('off') },
      });
      return addedOrKept(written);
    },
    extend: async (id, now, expires) => {
      const written = await table.update(
        clientKey(id),
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
    enrol: async (client) =>
      addedOrKept(await table.put(clientItem(client), { expression: 'attribute_not_exists(#pk)' })),
    disable: async (id) => changedOrUnknown(await table.update(clientKey(id), SWITCH_OFF, THERE)),
    enable: async (id, expires) => changedOrUnknown(await table.update(clientKey(id), switchOn(expires), THERE)),
  };
}

const THERE = { expression: 'attribute_exists(#pk)' };

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

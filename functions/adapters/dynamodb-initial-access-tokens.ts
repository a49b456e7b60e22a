import type { InitialAccessTokens } from '../core/oauth/initial-access-token.ts';
import { initialAccessTokenKey, readInitialAccessTokenItem } from '../core/oauth/initial-access-token-item.ts';
import { ok, refuse } from '../core/result.ts';
import { number } from './dynamodb-item.ts';
import type { Table } from './dynamodb-table.ts';

/** Initial access tokens in the registry's table: items `TOKEN#<id>`, which the operator writes. */
export function createDynamoDbInitialAccessTokens(table: Table): InitialAccessTokens {
  return {
    find: async (id) => {
      const found = await table.get(initialAccessTokenKey(id));
      if (!found.ok) return found;
      return found.value === undefined ? ok(undefined) : readInitialAccessTokenItem(id, found.value);
    },
    use: async (id, clientId, now) => {
      const written = await table.update(
        initialAccessTokenKey(id),
        { expression: 'ADD #by :client', values: { ':client': { SS: [clientId] } } },
        {
          expression: '#exp > :now AND (contains(#by, :id) OR attribute_not_exists(#by) OR size(#by) < #uses)',
          values: { ':id': { S: clientId }, ':now': number(now) },
        },
      );
      if (written.ok) return ok('used');
      return written.error.reason === 'condition-failed' ? ok('used-up') : refuse(written.error);
    },
  };
}

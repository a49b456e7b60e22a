import type { InitialAccessTokens } from '../core/oauth/initial-access-token.ts';
import { initialAccessTokenKey, readInitialAccessTokenItem } from '../core/oauth/initial-access-token-item.ts';
import { ok } from '../core/result.ts';
import type { Table } from './dynamodb-table.ts';

/** Initial access tokens in the registry's table: items `TOKEN#<id>`, which the operator writes. */
export function createDynamoDbInitialAccessTokens(table: Table): InitialAccessTokens {
  return {
    find: async (id) => {
      const found = await table.get(initialAccessTokenKey(id));
      if (!found.ok) return found;
      return found.value === undefined ? ok(undefined) : readInitialAccessTokenItem(id, found.value);
    },
  };
}

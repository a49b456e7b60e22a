import { readRuleItem, ruleItem, ruleKey } from '../core/oauth/cimd/rule-item.ts';
import type { Rules, RulesDesk } from '../core/oauth/cimd/store.ts';
import { ok, refuse } from '../core/result.ts';
import { find, type Table } from './dynamodb-table.ts';

/** The operator's rules for client metadata documents in DynamoDB: items `RULE#<host>`. */
export function createDynamoDbRules(table: Table): Rules {
  return { find: (host) => find(table, ruleKey(host), (item) => readRuleItem(host, item)) };
}

/** The operator's side of the same items: writes what holds from now on. No function is given this. */
export function createDynamoDbRulesDesk(table: Table): RulesDesk {
  return {
    write: async (host, rules) => {
      // A condition that always holds: what the operator says last is what holds.
      const written = await table.put(ruleItem(host, rules), {
        expression: 'attribute_not_exists(#pk) OR attribute_exists(#pk)',
      });
      if (written.ok) return ok(undefined);
      if (written.error.reason === 'condition-failed') throw new Error('a condition that always holds did not');
      return refuse(written.error);
    },
  };
}

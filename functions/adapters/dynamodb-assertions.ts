import type { Assertions } from '../core/oauth/client-assertion.ts';
import { digest } from '../core/oauth/digest.ts';
import type { Random } from '../core/ports.ts';
import { ok, refuse } from '../core/result.ts';
import { number, string } from './dynamodb-item.ts';
import type { Table } from './dynamodb-table.ts';

/** Single-use assertions in DynamoDB: items `JTI#<digest of client and jti>`, kept as long as the assertion is good. */
export function createDynamoDbAssertions(table: Table, random: Random): Assertions {
  return {
    spend: async (clientId, jti, now, expires) => {
      // Tells our own write, which the SDK repeated after its first answer got lost, from somebody else's.
      const mark = random(16).toString('base64url');
      const item = {
        pk: string(`JTI#${digest(JSON.stringify([clientId, jti]))}`),
        by: string(mark),
        exp: number(expires),
        ttl: number(expires),
      };
      const written = await table.put(item, {
        expression: 'attribute_not_exists(#pk) OR #exp < :now',
        values: { ':now': number(now) },
      });
      if (written.ok) return ok('spent');
      if (written.error.reason === 'store-unavailable') return refuse(written.error);
      return ok(written.error.found?.by?.S === mark ? 'spent' : 'replayed');
    },
  };
}

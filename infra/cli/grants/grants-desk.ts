import { ConditionalCheckFailedException, paginateScan, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { REVOKE_GRANT } from '../../../functions/core/oauth/grant-item.ts';
import { parseGrantId } from '../../../functions/core/oauth/identifiers.ts';
import type { OperatorTable } from '../operator.ts';

/** What the operator is shown of a grant. Neither a secret nor the digest of one. */
export type GrantRow = {
  readonly id: string;
  readonly status: string;
  readonly clientId: string;
  readonly subject: string;
  readonly scope: readonly string[];
  readonly expires: number;
};

/** Whose grants: of one person, of one client, of both together, or all. */
export type Whose = { readonly user: string | undefined; readonly client: string | undefined };

export type GrantsDesk = {
  readonly find: (whose: Whose) => Promise<readonly GrantRow[]>;
  /** `gone` when the table's cleaning was faster, which is as good. */
  readonly revoke: (id: string) => Promise<'revoked' | 'gone'>;
};

/**
 * Grants as the operator ends them. There is no index by person or client, because no function needs one and whoever
 * can read it could list everybody; a scan costs what the table holds, and is made when a person asks.
 */
export function openGrantsDesk({ client, table }: OperatorTable): GrantsDesk {
  return {
    find: async (whose) => {
      const rows: GrantRow[] = [];
      for await (const page of paginateScan({ client }, scanOf(table, whose))) {
        for (const item of page.Items ?? []) {
          rows.push({
            id: (item.pk?.S ?? '').slice('GRANT#'.length),
            status: item.st?.S ?? '',
            clientId: item.cid?.S ?? '',
            subject: item.sub?.S ?? '',
            scope: (item.scope?.L ?? []).map(({ S = '' }) => S),
            expires: Number(item.exp?.N ?? 0),
          });
        }
      }
      return rows.sort((one, other) => one.expires - other.expires);
    },
    revoke: async (id) => {
      const grantId = parseGrantId(id);
      if (grantId === undefined) throw new Error(`a grant has an id that none is given: ${id}`);
      const command = new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: `GRANT#${grantId}` } },
        UpdateExpression: REVOKE_GRANT.expression,
        ConditionExpression: 'attribute_exists(#pk)',
        ExpressionAttributeNames: { '#pk': 'pk', '#st': 'st' },
        ExpressionAttributeValues: { ...REVOKE_GRANT.values },
      });
      try {
        await client.send(command);
        return 'revoked';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'gone';
        throw error;
      }
    },
  };
}

function scanOf(table: string, { user, client }: Whose) {
  const filters = ['begins_with(#pk, :grant)'];
  const values: Record<string, { S: string }> = { ':grant': { S: 'GRANT#' } };
  const equal = (name: string, placeholder: string, value: string | undefined) => {
    if (value === undefined) return;
    filters.push(`${name} = ${placeholder}`);
    values[placeholder] = { S: value };
  };
  equal('#sub', ':user', user);
  equal('#cid', ':client', client);
  const names = ['pk', 'st', 'cid', 'sub', 'scope', 'exp'];
  return {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: filters.join(' AND '),
    ProjectionExpression: names.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: values,
  };
}

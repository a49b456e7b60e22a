import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type AuditReader, createAuditReader } from '../core/audit/reader.ts';

/** The audit log in its DynamoDB table, read with Query only. */
export function readAuditTable(client: DynamoDBClient, table: string): AuditReader {
  return createAuditReader((query) => paginateQuery({ client }, { TableName: table, ...query }));
}

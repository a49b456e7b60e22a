import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type AuditReader, createAuditReader } from '../../../functions/core/audit/reader.ts';

/**
 * The audit log as an operator reads it: with Query only, and the credentials of the reader role. The record's shape is
 * the core's own, because a second definition would drift from what the functions write, and then prove the wrong thing.
 */
export function openAuditLog(client: DynamoDBClient, table: string): AuditReader {
  return createAuditReader((query) => paginateQuery({ client }, { TableName: table, ...query }));
}

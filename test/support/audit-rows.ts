import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readAuditTable } from '../../functions/adapters/audit-reader.ts';
import type { AuditRecord } from '../../functions/core/audit/record.ts';
import type { Cloud } from '../../infra/local/cloud.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';

/** Every audit row of a cloud, in the order of its streams; read in the role of `seal`, which may read and not write. */
export async function auditRowsOf(cloud: Cloud): Promise<readonly AuditRecord[]> {
  const client = new DynamoDBClient(clientOptionsOf(cloud, 'seal'));
  const reader = readAuditTable(client, variablesOf(cloud, 'mcp').AUDIT_TABLE ?? '');
  const now = Date.now();
  // A test that runs at midnight UTC wrote to two days.
  const dates = [now - 3_600_000, now].map((time) => new Date(time).toISOString().slice(0, 10));
  const rows: AuditRecord[] = [];
  for (const date of new Set(dates)) {
    for (const stream of await reader.streams(date)) {
      for await (const read of reader.records(stream, 0)) if (read.ok) rows.push(read.value);
    }
  }
  client.destroy();
  return rows;
}

/** The rows of one request. */
export async function auditRowsFor(cloud: Cloud, requestId: string): Promise<readonly AuditRecord[]> {
  return (await auditRowsOf(cloud)).filter((row) => row.q === requestId);
}

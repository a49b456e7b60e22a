import { setTimeout as pause } from 'node:timers/promises';
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { emptyHead, sealed } from '../../functions/core/audit/chain.ts';
import type { AuditEvent } from '../../functions/core/audit/event.ts';
import { type Item, itemOf } from '../../functions/core/audit/item.ts';
import { recordOf } from '../../functions/core/audit/record.ts';
import { directoryItem } from '../../functions/core/audit/stream.ts';
import { anEvent } from '../core/audit/builders.ts';

export const AUDIT_TABLE = 'audit';

/** The audit log's table, as the template has it, in a DynamoDB that asks nobody who calls. */
export async function createAuditTable(client: DynamoDBClient): Promise<void> {
  const key = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: AUDIT_TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'u', 't'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: key('pk', 'sk'),
      GlobalSecondaryIndexes: [
        { IndexName: 'by-subject', KeySchema: key('u', 't'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    }),
  );
  const status = async () =>
    (await client.send(new DescribeTableCommand({ TableName: AUDIT_TABLE }))).Table?.TableStatus;
  while ((await status()) !== 'ACTIVE') await pause(2);
}

/** One row: when, and what is not as in every other. */
export type Told = { readonly at: string; readonly event?: Partial<AuditEvent> };

/** The rows of one environment on one day, and the row that lists it. */
export function streamOf(stream: string, date: string, told: Iterable<Told>): readonly Item[] {
  let head = emptyHead(stream, date);
  const items: Item[] = [directoryItem(date, stream, `${date}T00:00:00.000Z`)];
  const args = { mac: new Uint8Array(32).fill(7), bytes: 17 };
  for (const { at, event } of told) {
    const position = { stream, seq: head.seq + 1, previous: head.hash, at };
    const record = sealed(recordOf(anEvent(event), args, position));
    head = { seq: record.n, hash: record.h };
    items.push(itemOf(record));
  }
  return items;
}

/** Puts items as they are, 25 at a time. */
export async function fill(client: DynamoDBClient, items: readonly Item[]): Promise<void> {
  for (let at = 0; at < items.length; at += 25) {
    const puts = items.slice(at, at + 25).map((each) => ({ PutRequest: { Item: { ...each } } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [AUDIT_TABLE]: puts } }));
  }
}

import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { recordFromItem } from '../../../functions/core/audit/item.ts';
import type { AuditReader } from '../../../functions/core/audit/reader.ts';
import { subjectDay } from '../../../functions/core/audit/record.ts';
import type { ReadRecord } from '../../../functions/core/audit/verify-stream.ts';
import { Problem } from '../../problem.ts';
import { daysOf, type Query } from './query-arguments.ts';

/** The rows of one read, and what was read, for whoever waits. */
export type Page = { readonly rows: readonly ReadRecord[]; readonly read: string };

type Item = Readonly<Record<string, AttributeValue>>;

/** Rows of one person that are asked for at once. BatchGetItem takes a hundred. */
export const PAGE = 50;
const STREAMS_AT_ONCE = 16;

/**
 * The rows of one person, in the order of their time. A page costs one Query of the keys-only index and one BatchGetItem
 * of the rows, however large the table is; a day without rows one Query.
 */
export async function* rowsOfSubject(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  query: Pick<Query, 'since' | 'until'> & { readonly user: string },
): AsyncGenerator<Page> {
  for (const day of daysOf(query)) {
    let from: Item | undefined;
    do {
      const keys: QueryCommandOutput = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'by-subject',
          KeyConditionExpression: 'u = :u AND t BETWEEN :since AND :until',
          ExpressionAttributeValues: {
            ':u': { S: subjectDay(query.user, day) },
            ':since': { S: query.since },
            ':until': { S: query.until },
          },
          Limit: PAGE,
          ...(from && { ExclusiveStartKey: { ...from } }),
        }),
      );
      from = keys.LastEvaluatedKey;
      const items = await itemsOf(client, table, keys.Items ?? []);
      yield { rows: items.map(recordFromItem), read: day };
    } while (from !== undefined);
  }
}

/**
 * The rows of these keys, in their order.
 *
 * @throws Problem when DynamoDB keeps leaving rows out
 */
async function itemsOf(client: DynamoDBClient, table: string, found: readonly Item[]): Promise<Item[]> {
  const items = new Map<string, Item>();
  let Keys: Record<string, AttributeValue>[] = found.flatMap(({ pk, sk }) => (pk && sk ? [{ pk, sk }] : []));
  for (let attempt = 0; Keys.length > 0; attempt++) {
    if (attempt === 8) throw new Problem(`The table ${table} is throttled: some rows were not given. Run it again.`);
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    const answer = await client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
    for (const item of answer.Responses?.[table] ?? []) items.set(placeOf(item), item);
    Keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found.map((key) => items.get(placeOf(key))).filter((item) => item !== undefined);
}

function placeOf({ pk, sk }: Item): string {
  return `${pk?.S} ${sk?.S}`;
}

/** The rows of everybody: each day's directory, then its streams; a day at a time, in the order of their time. */
export async function* rowsOfEverybody(
  reader: AuditReader,
  query: Pick<Query, 'since' | 'until'>,
): AsyncGenerator<Page> {
  for (const day of daysOf(query)) {
    const streams = await reader.streams(day);
    const rows: ReadRecord[] = [];
    for (let at = 0; at < streams.length; at += STREAMS_AT_ONCE) {
      const some = streams.slice(at, at + STREAMS_AT_ONCE);
      rows.push(...(await Promise.all(some.map((stream) => recordsIn(reader, stream, query)))).flat());
      yield {
        rows: [],
        read: `${day}, ${Math.min(at + STREAMS_AT_ONCE, streams.length)} of ${streams.length} streams`,
      };
    }
    yield { rows: rows.sort((one, other) => (timeOf(one) < timeOf(other) ? -1 : 1)), read: day };
  }
}

async function recordsIn(reader: AuditReader, stream: string, { since, until }: Pick<Query, 'since' | 'until'>) {
  const rows: ReadRecord[] = [];
  for await (const read of reader.records(stream, 0)) {
    if (!read.ok || (read.value.t >= since && read.value.t <= until)) rows.push(read);
  }
  return rows;
}

function timeOf(read: ReadRecord): string {
  return read.ok ? read.value.t : '';
}

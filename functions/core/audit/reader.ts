import { checkpointFromItem, checkpointPartition, type ReadCheckpoint } from './checkpoint-item.ts';
import { recordFromItem } from './item.ts';
import { directoryPartition, directoryShards, sequenceKey, streamPartition } from './stream.ts';
import type { ReadRecord } from './verify-stream.ts';

/**
 * Reads the audit log the only way it can be read: a day's directory, its streams, their records, and the checkpoints
 * over them. Never a scan.
 */
export type AuditReader = {
  /** Every stream of a UTC day, `yyyy-mm-dd`, in the order of their ids. */
  readonly streams: (date: string) => Promise<readonly string[]>;
  /** The records of a stream with a number above this one, in order. */
  readonly records: (stream: string, after: number) => AsyncIterable<ReadRecord>;
  /** The last records of a stream, at most so many, in order. */
  readonly newest: (stream: string, count: number) => Promise<readonly ReadRecord[]>;
  /** Signed checkpoints, the newest first, so many at a time: who wants the last one does not pay for a megabyte. */
  readonly checkpoints: (atATime: number) => AsyncIterable<ReadCheckpoint>;
};

type Row = Readonly<Record<string, unknown>>;

/** What is asked of DynamoDB's Query, but for the table. Consistent, because what is read here is proved. */
type AuditQuery = {
  readonly ConsistentRead: true;
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeValues: Record<string, { readonly S: string }>;
  readonly ScanIndexForward?: false;
  readonly Limit?: number;
};

/** Sends a Query and gives its pages: the SDK's `paginateQuery` with a client and a table. */
export type QueryPages = (query: AuditQuery) => AsyncIterable<{ readonly Items?: readonly Row[] | undefined }>;

/** A reader over a table. */
export function createAuditReader(pages: QueryPages): AuditReader {
  return {
    streams: async (date) => {
      const shards = Array.from({ length: directoryShards }, (_, shard) => directoryPartition(date, shard));
      const streams = await Promise.all(shards.map((pk) => streamsIn(pages(above(pk, ' ')))));
      return streams.flat().sort();
    },
    async *records(stream, after) {
      for await (const { Items = [] } of pages(above(streamPartition(stream), sequenceKey(after)))) {
        yield* Items.map(recordFromItem);
      }
    },
    newest: async (stream, count) => {
      const rows: Row[] = [];
      for await (const { Items = [] } of pages(newestFirst(streamPartition(stream), count))) {
        rows.push(...Items);
        if (rows.length >= count) break;
      }
      return rows.slice(0, count).map(recordFromItem).reverse();
    },
    async *checkpoints(atATime) {
      for await (const { Items = [] } of pages(newestFirst(checkpointPartition, atATime))) {
        yield* Items.map(checkpointFromItem);
      }
    },
  };
}

function above(pk: string, sk: string): AuditQuery {
  return {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND sk > :sk',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':sk': { S: sk } },
  };
}

function newestFirst(pk: string, count: number): AuditQuery {
  return {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: pk } },
    ScanIndexForward: false,
    Limit: count,
  };
}

/** @throws {TypeError} when a directory row has no text for its sort key, which DynamoDB does not allow. */
async function streamsIn(pages: ReturnType<QueryPages>): Promise<string[]> {
  const streams: string[] = [];
  for await (const { Items = [] } of pages) {
    for (const { sk } of Items) {
      const { S } = (sk ?? {}) as { S?: unknown };
      if (typeof S !== 'string') throw new TypeError('a row of the audit directory names no stream');
      streams.push(S);
    }
  }
  return streams;
}

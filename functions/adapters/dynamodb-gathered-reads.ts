import { setTimeout as pause } from 'node:timers/promises';
import { BatchGetItemCommand, type DynamoDBClient, type KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import type { StoreUnavailable } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { Item } from './dynamodb-item.ts';
import { attempt, type ReadItem, unavailable } from './dynamodb-table.ts';

/** What one BatchGetItem may ask for. */
const MOST_KEYS = 100;

/** How long to wait before asking again for what DynamoDB left out, each time. Milliseconds. */
const PAUSES = [50, 150] as const;

type Found = Result<Item | undefined, StoreUnavailable>;
type Wanted = {
  readonly table: string;
  readonly key: string;
  readonly found: Promise<Found>;
  readonly resolve: (found: Found) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * Reads that are asked for in one turn of the event loop go as one BatchGetItem, over all the tables of one client: the
 * client and the grant of a request to /token cost one operation instead of two. As consistent as single reads, and each
 * is answered by itself.
 *
 * Whoever reads need not know. Two reads that are not asked for together are two operations, and nothing else changes.
 */
export function createGatheredReads(client: DynamoDBClient): ReadItem {
  const waiting = new Map<string, Wanted>();
  const send = () => {
    const wanted = [...waiting.values()];
    waiting.clear();
    for (let from = 0; from < wanted.length; from += MOST_KEYS) {
      void answer(client, wanted.slice(from, from + MOST_KEYS));
    }
  };
  return (table, key) => {
    const name = nameOf(table, key);
    const asked = waiting.get(name);
    // DynamoDB refuses a batch that names an item twice.
    if (asked !== undefined) return asked.found;
    if (waiting.size === 0) queueMicrotask(send);
    const { promise: found, resolve, reject } = Promise.withResolvers<Found>();
    waiting.set(name, { table, key, found, resolve, reject });
    return found;
  };
}

async function answer(client: DynamoDBClient, wanted: readonly Wanted[]): Promise<void> {
  try {
    const found = await readAll(client, wanted);
    for (const { table, key, resolve } of wanted) resolve(found(nameOf(table, key)));
  } catch (error) {
    // A request that DynamoDB calls invalid is a bug of ours, whichever of the reads it was.
    for (const { reject } of wanted) reject(error);
  }
}

/** DynamoDB may answer a part and name the rest as unprocessed, which the SDK does not ask for again. */
async function readAll(client: DynamoDBClient, wanted: readonly Wanted[]): Promise<(name: string) => Found> {
  const items = new Map<string, Item>();
  const missing = (failure: StoreUnavailable, rest: Requests) => {
    const unread = new Set(namesIn(rest));
    return (name: string): Found => (unread.has(name) ? refuse(failure) : ok(items.get(name)));
  };
  let rest = requestsFor(wanted);
  for (let round = 0; ; round++) {
    // Strongly consistent: what is read here decides something.
    const command = new BatchGetItemCommand({
      RequestItems: Object.fromEntries(tables(rest).map(([table, Keys]) => [table, { Keys, ConsistentRead: true }])),
    });
    const sent = await attempt('BatchGetItem', client.send(command));
    if (!sent.ok) return missing(unavailable(sent.error), rest);
    for (const [table, found] of Object.entries(sent.value.Responses ?? {})) {
      for (const item of found) items.set(nameOf(table, item.pk?.S ?? ''), item);
    }
    rest = sent.value.UnprocessedKeys ?? {};
    if (namesIn(rest).length === 0) return (name) => ok(items.get(name));
    const wait = PAUSES[round];
    if (wait === undefined) {
      const detail = `${namesIn(rest).length} of ${wanted.length} items were left out ${round + 1} times`;
      return missing({ reason: 'store-unavailable', operation: 'BatchGetItem', detail }, rest);
    }
    await pause(wait);
  }
}

type Requests = Record<string, KeysAndAttributes>;

function requestsFor(wanted: readonly Wanted[]): Requests {
  const byTable = Map.groupBy(wanted, ({ table }) => table);
  return Object.fromEntries(
    [...byTable].map(([table, reads]) => [table, { Keys: reads.map(({ key }) => ({ pk: { S: key } })) }]),
  );
}

function tables(requests: Requests): readonly (readonly [table: string, keys: Item[]])[] {
  return Object.entries(requests).map(([table, { Keys = [] }]) => [table, Keys]);
}

function namesIn(requests: Requests): string[] {
  return tables(requests).flatMap(([table, keys]) => keys.map(({ pk }) => nameOf(table, pk?.S ?? '')));
}

/** A table's name has no space. */
function nameOf(table: string, key: string): string {
  return `${table} ${key}`;
}

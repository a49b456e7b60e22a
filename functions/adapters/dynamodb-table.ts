import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { ConditionFailed, ItemCorrupt, StoreUnavailable } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { Item } from './dynamodb-item.ts';

/**
 * A client that gives up before API Gateway does: three attempts of at most two seconds each. A caller that is told to
 * come back in two seconds is better off than one that waits thirty for a 504.
 */
export function createDynamoDbClient(endpoint?: {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    ...(endpoint === undefined
      ? {}
      : { endpoint: endpoint.url, region: endpoint.region, credentials: endpoint.credentials }),
  });
}

/** A condition of DynamoDB, with the values its `:names` stand for. Attribute names are written as `#name`. */
export type Condition = { readonly expression: string; readonly values?: Readonly<Record<string, AttributeValue>> };

export type Change = { readonly expression: string; readonly values: Readonly<Record<string, AttributeValue>> };

/**
 * One table, one item at a time. A false condition and an unreachable table are values; a request that DynamoDB calls
 * invalid is a bug of ours and throws.
 */
export type Table = {
  /** Strongly consistent: what is read here decides something. */
  readonly get: (key: string) => Promise<Result<Item | undefined, StoreUnavailable>>;
  readonly put: (item: Item, condition: Condition) => Promise<Result<void, ConditionFailed<Item> | StoreUnavailable>>;
  /** Resolves to the item after the change. */
  readonly update: (
    key: string,
    change: Change,
    condition: Condition,
  ) => Promise<Result<Item, ConditionFailed<Item> | StoreUnavailable>>;
};

/** Reads one item. A function that reads several at once has another way than one by one: `dynamodb-gathered-reads.ts`. */
export type ReadItem = (table: string, key: string) => Promise<Result<Item | undefined, StoreUnavailable>>;

export function createTable(client: DynamoDBClient, name: string, read: ReadItem = readSingly(client)): Table {
  return {
    get: (key) => read(name, key),
    put: async (item, condition) => {
      const values = { ...condition.values };
      const command = new PutItemCommand({
        TableName: name,
        Item: item,
        ConditionExpression: condition.expression,
        ExpressionAttributeNames: namesIn(condition.expression),
        ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const answer = await attempt('PutItem', client.send(command));
      return answer.ok ? ok(undefined) : answer;
    },
    update: async (key, change, condition) => {
      const command = new UpdateItemCommand({
        TableName: name,
        Key: { pk: { S: key } },
        UpdateExpression: change.expression,
        ConditionExpression: condition.expression,
        ExpressionAttributeNames: namesIn(change.expression, condition.expression),
        ExpressionAttributeValues: { ...change.values, ...condition.values },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const answer = await attempt('UpdateItem', client.send(command));
      return answer.ok ? ok(answer.value.Attributes ?? {}) : answer;
    },
  };
}

function readSingly(client: DynamoDBClient): ReadItem {
  return async (table, key) => {
    const command = new GetItemCommand({ TableName: table, Key: { pk: { S: key } }, ConsistentRead: true });
    const answer = await attempt('GetItem', client.send(command));
    return answer.ok ? ok(answer.value.Item) : refuse(unavailable(answer.error));
  };
}

/** An item as what it stands for. */
export type Parse<T> = (item: Item) => Result<T, ItemCorrupt>;

export async function find<T>(
  table: Table,
  key: string,
  parse: Parse<T>,
): Promise<Result<T | undefined, StoreUnavailable | ItemCorrupt>> {
  const found = await table.get(key);
  if (!found.ok) return found;
  return found.value === undefined ? ok(undefined) : parse(found.value);
}

/**
 * Puts an item under a key that was drawn for it. If something is there, it is our own write, which the SDK repeated
 * after its first answer got lost: nobody else draws the same 128 bits.
 */
export async function putDrawn(table: Table, item: Item): Promise<Result<void, StoreUnavailable>> {
  const written = await table.put(item, { expression: 'attribute_not_exists(#pk)' });
  if (!written.ok && written.error.reason === 'store-unavailable') return refuse(written.error);
  return ok(undefined);
}

/** A conditional change, with the item after it or the item that made its condition false. */
export async function change<T>(
  table: Table,
  key: string,
  what: Change,
  condition: Condition,
  parse: Parse<T>,
): Promise<Result<T, ConditionFailed<T> | StoreUnavailable | ItemCorrupt>> {
  const written = await table.update(key, what, condition);
  if (written.ok) return parse(written.value);
  if (written.error.reason === 'store-unavailable') return refuse(written.error);
  const { found } = written.error;
  if (found === undefined) return refuse({ reason: 'condition-failed', found: undefined });
  const item = parse(found);
  return item.ok ? refuse({ reason: 'condition-failed', found: item.value }) : item;
}

/** Every name is written as `#name`, because many of the short ones are words DynamoDB reserves. */
function namesIn(...expressions: readonly string[]): Record<string, string> {
  const aliases = expressions.join(' ').match(/#\w+/g) ?? [];
  return Object.fromEntries(aliases.map((alias) => [alias, alias.slice(1)]));
}

/** Sends, and turns what may happen to any call into a value. A request that DynamoDB calls invalid throws. */
export async function attempt<T>(
  operation: string,
  sent: Promise<T>,
): Promise<Result<T, ConditionFailed<Item> | StoreUnavailable>> {
  try {
    return ok(await sent);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return refuse({ reason: 'condition-failed', found: error.Item });
    }
    if (error instanceof Error && (error.name === 'ValidationException' || error.name === 'SerializationException')) {
      throw error;
    }
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return refuse({ reason: 'store-unavailable', operation, detail });
  }
}

/** A read has no condition. */
export function unavailable(error: ConditionFailed<Item> | StoreUnavailable): StoreUnavailable {
  if (error.reason === 'store-unavailable') return error;
  throw new Error('a read without a condition answered that its condition failed');
}

import { type Json, type JsonObject, member } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';
import type { Database } from './database.ts';
import type { Table } from './tables.ts';

/** Writes of a table, one after another. */
export type Writes = {
  /** PutItem, UpdateItem or DeleteItem, with `ReturnValuesOnConditionCheckFailure`. @throws AwsError */
  readonly write: (operation: string, table: Table | undefined, input: JsonObject) => Promise<JsonObject>;
};

/**
 * dynalite drops `ReturnValuesOnConditionCheckFailure`. So the item is read here when the condition fails; the mutex is
 * what keeps a later write from slipping in between, which would show an item that the condition never saw.
 */
export function createWrites(database: Database): Writes {
  const queues = new Map<string, Promise<unknown>>();
  const inTurn = <Result>(table: string, task: () => Promise<Result>): Promise<Result> => {
    const before = queues.get(table) ?? Promise.resolve();
    const result = before.then(task, task);
    queues.set(table, result);
    return result;
  };
  return {
    write: (operation, table, input) => {
      const { ReturnValuesOnConditionCheckFailure: wanted, ...rest } = input;
      if (wanted !== undefined && wanted !== 'ALL_OLD' && wanted !== 'NONE') {
        throw new AwsError('ValidationException', 'ReturnValuesOnConditionCheckFailure must be ALL_OLD or NONE.');
      }
      return inTurn(String(input.TableName), async () => {
        try {
          return await database.call(operation, rest);
        } catch (error) {
          if (wanted !== 'ALL_OLD' || !table || !isFailedCondition(error)) throw error;
          const key = { TableName: table.name, Key: keyOf(table, keyHolder(operation, rest)), ConsistentRead: true };
          const item = (await database.call('GetItem', key)).Item;
          throw new AwsError(error.code, error.message, error.status, item === undefined ? {} : { Item: item });
        }
      });
    },
  };
}

export function isFailedCondition(error: unknown): error is AwsError {
  return error instanceof AwsError && error.code === 'ConditionalCheckFailedException';
}

/**
 * The member that holds the key of the item an operation is about. Chosen by the operation, never by what is there: a
 * PutItem with a `Key` of its own would otherwise be judged by one key and write another.
 */
export function keyHolder(operation: string, input: JsonObject): Json | undefined {
  return operation === 'PutItem' ? input.Item : input.Key;
}

function keyOf({ keys }: Table, from: Json | undefined): JsonObject {
  const names = keys.range === undefined ? [keys.hash] : [keys.hash, keys.range];
  return Object.fromEntries(names.map((name) => [name, member(from, name) ?? null]));
}

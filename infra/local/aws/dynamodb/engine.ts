import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';
import { duplicateItem, type Execution } from './appending.ts';
import { type Database, openDatabase } from './database.ts';
import { openElsewhere } from './elsewhere.ts';
import { notServed } from './partiql.ts';
import { createTables, type Table } from './tables.ts';
import { createWrites, isFailedCondition } from './writes.ts';

/** What keeps the items behind the endpoint, once the endpoint has asked IAM. */
export type Engine = {
  /** @throws AwsError */
  readonly read: Database['call'];
  /** PutItem, UpdateItem or DeleteItem, with `ReturnValuesOnConditionCheckFailure`. @throws AwsError */
  readonly write: (operation: string, table: Table | undefined, input: JsonObject) => Promise<JsonObject>;
  /** ExecuteStatement. @throws AwsError DuplicateItemException where an item is already */
  readonly append: (execution: Execution, table: Table | undefined, input: JsonObject) => Promise<JsonObject>;
  readonly close: () => Promise<void>;
};

/**
 * dynalite over the directory; or the DynamoDB on this machine that `GATEHOUSE_DYNAMODB_URL` names, which then answers
 * conditions and PartiQL by itself. The tables are made anew there.
 *
 * @throws Problem when the variable names another machine
 */
export async function openEngine(directory: string, tables: Iterable<Table>): Promise<Engine> {
  const { GATEHOUSE_DYNAMODB_URL: url } = process.env;
  const database = url ? openElsewhere(url) : await openDatabase(directory);
  try {
    const wanted = [...tables];
    if (url) for (const { name } of wanted) await dropTable(database, name);
    await createTables(database, wanted);
  } catch (error) {
    await database.close();
    throw error;
  }
  return url ? throughout(database) : completed(database);
}

/** A DynamoDB that lacks nothing: what was asked for is passed on as it came. */
function throughout({ call, close }: Database): Engine {
  return {
    read: call,
    write: (operation, _table, input) => call(operation, input),
    append: (_execution, _table, input) => call('ExecuteStatement', input),
    close,
  };
}

/** dynalite, with what it lacks. */
function completed(database: Database): Engine {
  const { write } = createWrites(database);
  return {
    read: database.call,
    write,
    append: async ({ statement, item }, table) => {
      if (statement.kind === 'other') throw notServed();
      const put = {
        TableName: statement.table,
        Item: item,
        ConditionExpression: 'attribute_not_exists(#hash)',
        ExpressionAttributeNames: { '#hash': table?.keys.hash ?? 'pk' },
      };
      try {
        await write('PutItem', table, put);
      } catch (error) {
        throw isFailedCondition(error) ? duplicateItem() : error;
      }
      return { Items: [] };
    },
    close: database.close,
  };
}

async function dropTable({ call }: Database, name: string): Promise<void> {
  const TableName = name;
  try {
    await call('DeleteTable', { TableName });
    for (;;) {
      await call('DescribeTable', { TableName });
      await sleep(2);
    }
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
  }
}

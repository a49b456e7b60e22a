import { join } from 'node:path';
import type { State } from '../../state.ts';
import type { Assembly } from '../../template/assembly.ts';
import type { JsonObject } from '../../template/json.ts';
import { regionalArn } from '../../template/physical-id.ts';
import type { Resolver } from '../../template/resolver.ts';
import type { Need } from '../authorization.ts';
import { json, type Operation, readTarget, requiredText, type Service } from '../operation.ts';
import { readExecution } from './appending.ts';
import { type Engine, openEngine } from './engine.ts';
import { batchedKeys, keyText, queriedKey } from './leading-keys.ts';
import { readTables, type Table } from './tables.ts';
import { keyHolder } from './writes.ts';

type Tables = ReadonlyMap<string, Table>;

/** DynamoDB with the tables of the template, in `<state>/dynamodb` unless the engine is another. */
export async function createDynamoDb(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
}): Promise<Service> {
  const tables = readTables(options.assembly, options.resolver);
  const engine = await openEngine(join(options.state.directory, 'dynamodb'), tables.values());
  return {
    protocol: 'json-1.0',
    read: (request) => {
      const { operation, input } = readTarget('DynamoDB_20120810')(request);
      return { operation, input: withTableName(input) };
    },
    operations: new Map<string, Operation>([
      ['GetItem', reading(tables, engine, 'GetItem')],
      ['DescribeTable', reading(tables, engine, 'DescribeTable')],
      ['Scan', reading(tables, engine, 'Scan')],
      ['Query', reading(tables, engine, 'Query')],
      ['BatchGetItem', batchReading(tables, engine)],
      ['PutItem', writing(tables, engine, 'PutItem')],
      ['UpdateItem', writing(tables, engine, 'UpdateItem')],
      ['DeleteItem', writing(tables, engine, 'DeleteItem')],
      ['ExecuteStatement', appending(tables, engine)],
    ]),
    close: engine.close,
  };
}

function reading(tables: Tables, engine: Engine, operation: string): Operation {
  return {
    needs: ({ input }) => [needOn(tables, operation, input)],
    run: async ({ input }) => json(await engine.read(operation, input)),
  };
}

function writing(tables: Tables, engine: Engine, operation: string): Operation {
  return {
    needs: ({ input }) => [needOn(tables, operation, input)],
    run: async ({ input }) => json(await engine.write(operation, tables.get(String(input.TableName)), input)),
  };
}

function batchReading(tables: Tables, engine: Engine): Operation {
  return {
    needs: ({ input }) =>
      batchedKeys(input, (name) => tables.get(name)?.keys.hash ?? '').map(({ table, keys }) =>
        need('dynamodb:BatchGetItem', table, undefined, keys),
      ),
    run: async ({ input }) => json(await engine.read('BatchGetItem', input)),
  };
}

/** PartiQL: the INSERT that appends is a put on the condition that no item is there. */
function appending(tables: Tables, engine: Engine): Operation {
  return {
    needs: ({ input }) => {
      const { statement, item } = readExecution(input);
      if (statement.kind === 'other') {
        return [need(`dynamodb:${statement.action}`, statement.table, statement.index, [])];
      }
      const hash = tables.get(statement.table)?.keys.hash ?? '';
      return [need('dynamodb:PartiQLInsert', statement.table, undefined, [keyText(item, hash)])];
    },
    run: async ({ input }) => {
      const execution = readExecution(input);
      return json(await engine.append(execution, tables.get(execution.statement.table), input));
    },
  };
}

function need(action: string, table: string, index: string | undefined, keys: readonly (string | undefined)[]): Need {
  const resource = regionalArn('dynamodb', `table/${table}${index === undefined ? '' : `/index/${index}`}`);
  const known = keys.filter((key) => key !== undefined);
  return { action, resource, context: known.length > 0 ? { 'dynamodb:LeadingKeys': known } : {} };
}

/**
 * What an operation on one table needs. Only Query and Scan can be about an index; an `IndexName` beside the members of
 * another operation changes nothing about what it does, so it may not change what it is judged by.
 */
function needOn(tables: Tables, operation: string, input: JsonObject): Need {
  const name = requiredText(input, 'TableName');
  const table = tables.get(name);
  const action = `dynamodb:${operation}`;
  if (operation === 'Query' || operation === 'Scan') {
    const index = typeof input.IndexName === 'string' ? input.IndexName : undefined;
    const keys = index === undefined ? table?.keys : table?.indexes.get(index);
    // A Scan has no leading key, as on AWS: what must not scan must not be allowed the action.
    return need(action, name, index, operation === 'Query' && keys ? [queriedKey(input, keys)] : []);
  }
  if (operation === 'DescribeTable' || !table) return need(action, name, undefined, []);
  return need(action, name, undefined, [keyText(keyHolder(operation, input), table.keys.hash)]);
}

/** The SDK may name a table by its ARN. */
function withTableName(input: JsonObject): JsonObject {
  const [, name] = /^arn:aws:dynamodb:us-east-1:000000000000:table\/([^/]+)$/.exec(String(input.TableName ?? '')) ?? [];
  return name === undefined ? input : { ...input, TableName: name };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../problem.ts';
import type { Assembly, Resource } from '../../template/assembly.ts';
import { type Json, type JsonObject, listOf, member } from '../../template/json.ts';
import { notModelled, placeOf } from '../../template/refusal.ts';
import type { Resolver } from '../../template/resolver.ts';
import { AwsError } from '../aws-error.ts';
import type { Database } from './database.ts';

/** The key attributes of a table or an index. */
export type KeyNames = { readonly hash: string; readonly range: string | undefined };

export type Table = {
  readonly name: string;
  readonly arn: string;
  readonly keys: KeyNames;
  readonly indexes: ReadonlyMap<string, KeyNames>;
  readonly definition: JsonObject;
};

/** The tables of the template, by name. Time to live is read and not run: every condition checks `exp` itself. */
export function readTables(assembly: Assembly, resolver: Resolver): ReadonlyMap<string, Table> {
  const resources = [...assembly.ofType('AWS::DynamoDB::Table'), ...assembly.ofType('AWS::DynamoDB::GlobalTable')];
  const tables = resources.map((resource) => readTable(resource, resolver));
  return new Map(tables.map((table) => [table.name, table]));
}

function readTable(resource: Resource, resolver: Resolver): Table {
  const property = (name: string): Json => resolver.resolve(resource.stack, resource.properties[name] ?? null);
  if (property('LocalSecondaryIndexes') !== null) throw notModelled(placeOf(resource), 'a local secondary index');
  if (property('StreamSpecification') !== null) throw notModelled(placeOf(resource), 'a stream');
  const name = resolver.ref(resource);
  const indexes = listOf(property('GlobalSecondaryIndexes'));
  const definition: JsonObject = {
    TableName: name,
    KeySchema: property('KeySchema'),
    AttributeDefinitions: property('AttributeDefinitions'),
    BillingMode: 'PAY_PER_REQUEST',
    ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes.map(indexDefinition) } : {}),
  };
  return {
    name,
    arn: resolver.arn(resource),
    keys: keyNames(definition.KeySchema),
    indexes: new Map(
      indexes.map((index) => [String(member(index, 'IndexName')), keyNames(member(index, 'KeySchema'))]),
    ),
    definition,
  };
}

function indexDefinition(index: Json): JsonObject {
  return {
    IndexName: member(index, 'IndexName') ?? null,
    KeySchema: member(index, 'KeySchema') ?? null,
    Projection: member(index, 'Projection') ?? null,
  };
}

function keyNames(schema: Json | undefined): KeyNames {
  const named = (type: string) => listOf(schema).find((key) => member(key, 'KeyType') === type);
  const range = named('RANGE');
  return {
    hash: String(member(named('HASH'), 'AttributeName')),
    range: range === undefined ? undefined : String(member(range, 'AttributeName')),
  };
}

/**
 * Creates the tables that are not there yet.
 *
 * @throws Problem when one is there with other keys or indexes: its items would not fit
 */
export async function createTables(database: Database, tables: Iterable<Table>): Promise<void> {
  for (const table of tables) {
    const before = await describe(database, table);
    if (before && shapeOf(before) !== shapeOf(table.definition)) {
      throw new Problem(
        `The table ${table.name} has other keys or indexes in the state directory than in the template. Start with --fresh, which clears the state.`,
      );
    }
    if (!before) await database.call('CreateTable', table.definition);
    while (member(await describe(database, table), 'TableStatus') !== 'ACTIVE') await sleep(2);
  }
}

async function describe(database: Database, { name }: Table): Promise<Json | undefined> {
  try {
    return member(await database.call('DescribeTable', { TableName: name }), 'Table');
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** What makes two tables the same: keys, their types, and indexes with their keys and projection. */
function shapeOf(table: Json): string {
  const sorted = (list: Json | undefined) => listOf(list).map(canonical).sort();
  return JSON.stringify([
    listOf(member(table, 'KeySchema')).map(canonical),
    sorted(member(table, 'AttributeDefinitions')),
    sorted(listOf(member(table, 'GlobalSecondaryIndexes')).map(indexDefinition)),
  ]);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

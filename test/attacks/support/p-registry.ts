import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoDbRegistryDesk } from '../../../functions/adapters/dynamodb-registry.ts';
import { createTable } from '../../../functions/adapters/dynamodb-table.ts';
import type { RegistryDesk } from '../../../functions/core/oauth/store.ts';
import { parsePolicy } from '../../../infra/local/iam/policy.ts';
import type { Resource } from '../../../infra/local/template/assembly.ts';
import type { OwnCloud } from '../../support/own-cloud.ts';

export type StoredItem = Record<string, AttributeValue>;

/** The registry of a cloud, seen and changed past every function: with the rights of somebody who has them all. */
export type RegistryView = {
  /** Every item of the table, whatever it is. */
  readonly items: () => Promise<StoredItem[]>;
  readonly client: (id: string) => Promise<StoredItem | undefined>;
  /** Replaces an item, as time or an operator would have left it. */
  readonly put: (item: StoredItem) => Promise<void>;
  readonly desk: RegistryDesk;
};

export function registryOf(cloud: OwnCloud): RegistryView {
  const name = variablesOf(cloud, 'register').REGISTRY_TABLE ?? '';
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }] };
  const role = {
    arn: 'arn:aws:iam::000000000000:role/test-auditor',
    name: 'test-auditor',
    identity: parsePolicy(document, 'identity', 'the auditor of the tests'),
    trust: [],
    maxSessionSeconds: 3600,
  };
  const credentials = cloud.credentials.openSession(role, 'test', Date.now() + 3_600_000);
  const dynamodb = new DynamoDBClient({ endpoint: cloud.endpoint.url, region: 'us-east-1', credentials });
  const items = async () => {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: name, ConsistentRead: true }));
    return Items;
  };
  return {
    items,
    client: async (id) => (await items()).find(({ pk }) => pk?.S === `CLIENT#${id}`),
    put: async (item) => {
      await dynamodb.send(new PutItemCommand({ TableName: name, Item: item }));
    },
    desk: createDynamoDbRegistryDesk(createTable(dynamodb, name)),
  };
}

/** The environment of a function, as its template resolves it. */
export function variablesOf(cloud: OwnCloud, functionName: string): Record<string, string> {
  const resource = functionNamed(cloud, functionName);
  return cloud.resolver.resolve(resource.stack, rawVariables(resource)) as Record<string, string>;
}

export function functionNamed(cloud: OwnCloud, name: string): Resource {
  const functions = cloud.assembly.ofType('AWS::Lambda::Function');
  const found = functions.find((each) => rawVariables(each).POWERTOOLS_SERVICE_NAME === name);
  if (!found) throw new Error(`the template has no function ${name}`);
  return found;
}

function rawVariables(resource: Resource): Record<string, string> {
  return (resource.properties.Environment as { Variables: Record<string, string> }).Variables;
}

/** NW: the calls that were counted since the last reset and may have changed something. Reading is no change. */
export function writesOf(cloud: OwnCloud): string[] {
  return Object.keys(cloud.endpoint.counts()).filter(
    (call) => !/^dynamodb:(?:GetItem|BatchGetItem|Query|Scan) /.test(call),
  );
}

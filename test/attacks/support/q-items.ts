import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoDbRegistryDesk } from '../../../functions/adapters/dynamodb-registry.ts';
import { createTable } from '../../../functions/adapters/dynamodb-table.ts';
import type { Client } from '../../../functions/core/oauth/client.ts';
import type { Json } from '../../../infra/local/template/json.ts';
import { aClientId } from '../../support/builders.ts';
import type { OwnCloud } from '../../support/own-cloud.ts';

/** The tables behind the endpoints, in the roles that may: what a test looks at, and what it ages or changes. */
export function itemsOf(cloud: OwnCloud) {
  const [authorize, register, token] = [roleOf(cloud, 'authorize'), roleOf(cloud, 'register'), roleOf(cloud, 'token')];
  const { GRANTS_TABLE: grants, REGISTRY_TABLE: registry = '' } = token.variables;
  const seeds = createDynamoDbRegistryDesk(createTable(register.dynamodb, registry));
  const changes = createDynamoDbRegistryDesk(createTable(token.dynamodb, registry));

  return {
    /** Writes a client as an operator would. */
    enrol: async (client: Client) => {
      const written = await seeds.enrol(client);
      if (!written.ok || written.value !== 'added') throw new Error(`client ${client.id} was not written`);
    },
    /** Switches a client off as an operator would. */
    disable: async (id: string) => {
      const written = await changes.disable(aClientId(id));
      if (!written.ok || written.value !== 'changed') throw new Error(`client ${id} was not switched off`);
    },
    /** Gives a client other redirect URIs. */
    move: (id: string, redirectUris: readonly string[]) =>
      token.dynamodb.send(
        new UpdateItemCommand({
          TableName: registry,
          Key: { pk: { S: `CLIENT#${id}` } },
          UpdateExpression: 'SET uris = :uris',
          ExpressionAttributeValues: { ':uris': { L: redirectUris.map((uri) => ({ S: uri })) } },
        }),
      ),
    /** A sign-in in progress, as it stands in the table. */
    transaction: async (id: string) => {
      const Key = { pk: { S: `TXN#${id}` } };
      const command = new GetItemCommand({ TableName: grants, Key, ConsistentRead: true });
      const { Item } = await authorize.dynamodb.send(command);
      return Item;
    },
    /** Moves the end of a sign-in to a second ago; the item stays. */
    expire: (id: string) =>
      authorize.dynamodb.send(
        new UpdateItemCommand({
          TableName: grants,
          Key: { pk: { S: `TXN#${id}` } },
          UpdateExpression: 'SET #exp = :past',
          ExpressionAttributeNames: { '#exp': 'exp' },
          ExpressionAttributeValues: { ':past': { N: String(Math.floor(Date.now() / 1000) - 1) } },
        }),
      ),
  };
}

function roleOf(cloud: OwnCloud, name: string) {
  const resource = cloud.assembly.ofType('AWS::Lambda::Function').find((each) => namesItself(each.properties, name));
  if (resource === undefined) throw new Error(`the template has no function ${name}`);
  const credentials = cloud.credentials.forFunction(resource);
  const { Variables } = resource.properties.Environment as { readonly Variables: Json };
  return {
    dynamodb: new DynamoDBClient({ endpoint: cloud.endpoint.url, region: 'us-east-1', credentials }),
    variables: cloud.resolver.resolve(resource.stack, Variables) as Record<string, string>,
  };
}

function namesItself(properties: Readonly<Record<string, unknown>>, name: string): boolean {
  const environment = properties.Environment as { readonly Variables?: Readonly<Record<string, unknown>> } | undefined;
  return environment?.Variables?.POWERTOOLS_SERVICE_NAME === name;
}

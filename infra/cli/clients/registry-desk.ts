import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { ItemChange } from '../../../functions/core/oauth/attributes.ts';
import type { Client } from '../../../functions/core/oauth/client.ts';
import {
  CLIENT_KEY,
  clientItem,
  clientKey,
  readClientItem,
  SWITCH_OFF,
  switchOn,
} from '../../../functions/core/oauth/client-item.ts';
import { type ClientId, parseClientId } from '../../../functions/core/oauth/identifiers.ts';
import type { InitialAccessToken, InitialAccessTokenId } from '../../../functions/core/oauth/initial-access-token.ts';
import {
  initialAccessTokenItem,
  initialAccessTokenKey,
} from '../../../functions/core/oauth/initial-access-token-item.ts';
import type { OperatorTable } from '../operator.ts';

/** An entry as it was read: a client, or what is wrong with an item that is none. */
export type Entry = { readonly id: string; readonly client: Client | undefined; readonly fault: string | undefined };

/** The registry as the operator changes it. The items are the core's own; each change is one conditional write. */
export type RegistryDesk = {
  readonly list: () => Promise<readonly Entry[]>;
  readonly add: (client: Client) => Promise<'done' | 'already'>;
  readonly disable: (id: ClientId) => Promise<'done' | 'unknown'>;
  readonly approve: (id: ClientId, expires: number) => Promise<'done' | 'unknown'>;
  readonly remove: (id: ClientId) => Promise<'done' | 'unknown'>;
  readonly invite: (token: InitialAccessToken) => Promise<'done' | 'already'>;
  readonly uninvite: (id: InitialAccessTokenId) => Promise<'done' | 'unknown'>;
};

const PK = { '#pk': 'pk' };
const ABSENT = 'attribute_not_exists(#pk)';
const THERE = 'attribute_exists(#pk)';

export function openRegistryDesk({ client, table }: OperatorTable): RegistryDesk {
  const put = (item: PutItemCommand['input']['Item']) =>
    new PutItemCommand({ TableName: table, Item: item, ConditionExpression: ABSENT, ExpressionAttributeNames: PK });
  const update = (id: ClientId, { expression, values }: ItemChange) =>
    new UpdateItemCommand({
      TableName: table,
      Key: { pk: { S: clientKey(id) } },
      UpdateExpression: expression,
      ConditionExpression: THERE,
      ExpressionAttributeNames: { ...PK, '#st': 'st', '#exp': 'exp', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ...values },
    });
  const remove = (key: string) =>
    new DeleteItemCommand({
      TableName: table,
      Key: { pk: { S: key } },
      ConditionExpression: THERE,
      ExpressionAttributeNames: PK,
    });
  return {
    list: async () => {
      const entries: Entry[] = [];
      for await (const page of paginateScan({ client }, scanOf(table))) {
        for (const item of page.Items ?? []) entries.push(entryOf(item));
      }
      return entries.sort((one, other) => (one.id < other.id ? -1 : 1));
    },
    add: (entry) => unlessFalse(client.send(put(clientItem(entry))), 'already'),
    disable: (id) => unlessFalse(client.send(update(id, SWITCH_OFF)), 'unknown'),
    approve: (id, expires) => unlessFalse(client.send(update(id, switchOn(expires))), 'unknown'),
    remove: (id) => unlessFalse(client.send(remove(clientKey(id))), 'unknown'),
    invite: (token) => unlessFalse(client.send(put(initialAccessTokenItem(token))), 'already'),
    uninvite: (id) => unlessFalse(client.send(remove(initialAccessTokenKey(id))), 'unknown'),
  };
}

/** The attributes of a client, by name: invitations are in the same table, and the digests of theirs are not asked for. */
function scanOf(table: string) {
  const names = ['pk', 'src', 'st', 'name', 'uris', 'auth', 'grants', 'scope', 'vetted', 'exp'];
  return {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: 'begins_with(#pk, :client)',
    ProjectionExpression: names.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: { ':client': { S: CLIENT_KEY } },
  };
}

function entryOf(item: Readonly<Record<string, { readonly S?: string | undefined }>>): Entry {
  const id = (item.pk?.S ?? '').slice(CLIENT_KEY.length);
  const clientId = parseClientId(id);
  if (clientId === undefined) return { id, client: undefined, fault: 'its id' };
  const read = readClientItem(clientId, item);
  return read.ok ? { id, client: read.value, fault: undefined } : { id, client: undefined, fault: read.error.detail };
}

async function unlessFalse<Otherwise extends string>(
  sent: Promise<unknown>,
  otherwise: Otherwise,
): Promise<'done' | Otherwise> {
  try {
    await sent;
    return 'done';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return otherwise;
    throw error;
  }
}

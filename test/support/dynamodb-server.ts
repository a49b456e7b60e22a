import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createDynamoDbClient } from '../../functions/adapters/dynamodb-table.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { openDatabase } from '../../infra/local/aws/dynamodb/database.ts';
import { createWrites } from '../../infra/local/aws/dynamodb/writes.ts';
import { startAuditServer } from './audit-server.ts';

export type DynamoDbServer = {
  readonly url: string;
  readonly client: DynamoDBClient;
  readonly close: () => Promise<void>;
};

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * The DynamoDB that tests run on instead of the local cloud's, when somebody names one: Amazon's DynamoDB Local. It is one
 * for every test file, so files take turns, and whoever opens it begins with no tables.
 */
export const { GATEHOUSE_DYNAMODB_URL: ELSEWHERE } = process.env;

/** A client of a DynamoDB that is there already. */
export function connect(url: string): DynamoDBClient {
  return createDynamoDbClient({ url, region: 'us-east-1', credentials: CREDENTIALS });
}

/** dynalite as it is: no item comes with a failed condition. */
export async function startDynalite(): Promise<DynamoDbServer> {
  const server = dynalite({ createTableMs: 0 });
  return opened(server, async () => {});
}

/** What the local cloud has: dynalite behind writes that add what it lacks; or the one that is named instead. */
export async function startFrontedDynalite(): Promise<DynamoDbServer> {
  if (ELSEWHERE) return openElsewhere(ELSEWHERE);
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-store-'));
  const database = await openDatabase(directory);
  const writes = createWrites(database);
  const table = { name: TABLE, arn: '', keys: { hash: 'pk', range: undefined }, indexes: new Map(), definition: {} };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse(await bodyOf(request));
    const writing = operation === 'PutItem' || operation === 'UpdateItem';
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    try {
      const output = writing ? writes.write(operation, table, input) : database.call(operation, input);
      response.end(JSON.stringify(await output));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const body = {
        __type: `com.amazonaws.dynamodb.v20120810#${error.code}`,
        message: error.message,
        ...error.members,
      };
      response.writeHead(error.status).end(JSON.stringify(body));
    }
  });
  return opened(server, async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });
}

async function openElsewhere(url: string): Promise<DynamoDbServer> {
  const client = connect(url);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  for (const TableName of TableNames) await client.send(new DeleteTableCommand({ TableName }));
  return { url, client, close: async () => client.destroy() };
}

/** For what is about many rows that are appended with PartiQL, and repeated by nobody but the audit log itself. */
export async function startAppendableDynamoDb() {
  if (!ELSEWHERE) return startAuditServer();
  const { url, close: forget } = await openElsewhere(ELSEWHERE);
  await forget();
  const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials: CREDENTIALS, maxAttempts: 1 });
  let inserts = 0;
  client.middlewareStack.add((next, { commandName }) => async (call) => {
    if (commandName === 'ExecuteStatementCommand') inserts++;
    try {
      return await next(call);
    } catch (error) {
      // As in elsewhere.ts: on AWS this error has the longer name.
      if (error instanceof Error && error.name === 'DuplicateItem') error.name = 'DuplicateItemException';
      throw error;
    }
  });
  return { client, inserts: () => inserts, close: async () => client.destroy() };
}

export const TABLE = 'Store';
/** For what is about two tables at once. */
export const OTHER_TABLE = 'OtherStore';

export async function createStoreTable(client: DynamoDBClient, name = TABLE): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  // A table that is still being made refuses writes, and on a busy machine that is long enough to meet one.
  const status = async () => (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus;
  while ((await status()) !== 'ACTIVE') await pause(2);
}

async function opened(server: Server, alsoClose: () => Promise<void>): Promise<DynamoDbServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(url);
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
    await alsoClose();
  };
  return { url, client, close };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

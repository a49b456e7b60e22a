import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { duplicateItem, readExecution } from '../../infra/local/aws/dynamodb/appending.ts';
import { openDatabase } from '../../infra/local/aws/dynamodb/database.ts';

/**
 * dynalite with PartiQL's INSERT, and without signatures and policies: for what is about many rows. The local cloud's own
 * endpoint judges each request, which takes longer than the request.
 */
export async function startAuditServer() {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'));
  const database = await openDatabase(directory);
  let inserts = 0;
  const answer = async (operation: string, input: Parameters<typeof database.call>[1]) => {
    if (operation !== 'ExecuteStatement') return database.call(operation, input);
    const { statement, item } = readExecution(input);
    inserts++;
    const ConditionExpression = 'attribute_not_exists(pk)';
    try {
      await database.call('PutItem', { TableName: statement.table, Item: item, ConditionExpression });
    } catch (error) {
      throw error instanceof AwsError && error.code === 'ConditionalCheckFailedException' ? duplicateItem() : error;
    }
    return { Items: [] };
  };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse((await buffer(request)).toString('utf8'));
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    try {
      response.end(JSON.stringify(await answer(operation, input)));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const body = { __type: `com.amazonaws.dynamodb.v20120810#${error.code}`, message: error.message };
      response.writeHead(error.status).end(JSON.stringify(body));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    client,
    inserts: () => inserts,
    close: async () => {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

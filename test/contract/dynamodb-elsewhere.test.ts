import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openElsewhere } from '../../infra/local/aws/dynamodb/elsewhere.ts';
import { failureOf } from '../infra/fixtures/running-endpoint.ts';

/** The way from the local cloud to another DynamoDB: what it passes on, and the one word it translates. */
let server: Server;
let url: string;
let asked: { readonly target: unknown; readonly input: unknown } | undefined;
let answer: { readonly status: number; readonly body: object };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked = { target: request.headers['x-amz-target'], input: await json(request) };
    response.writeHead(answer.status).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));
beforeEach(() => {
  asked = undefined;
  answer = { status: 200, body: { Items: [] } };
});

const refused = (name: string, members: object = {}) => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, Message: 'why', ...members },
});

describe('a DynamoDB elsewhere', () => {
  test('is asked what the endpoint was asked, word for word', async () => {
    const input = { Statement: 'INSERT INTO "t" VALUE {\'pk\': ?}', Parameters: [{ S: 'x' }] };
    expect(await openElsewhere(url).call('ExecuteStatement', input)).toEqual({ Items: [] });
    expect(asked).toEqual({ target: 'DynamoDB_20120810.ExecuteStatement', input });
  });

  test('refuses with its own words, and with the item of a failed condition', async () => {
    answer = refused('ConditionalCheckFailedException', { Item: { pk: { S: 'x' } } });
    const failure = await failureOf(openElsewhere(url).call('PutItem', {}));
    expect(failure).toMatchObject({ code: 'ConditionalCheckFailedException', message: 'why', status: 400 });
    expect(failure.members).toEqual({ Item: { pk: { S: 'x' } } });
  });

  test.each(['DuplicateItem', 'DuplicateItemException'])(
    'says %s and means the error that AWS documents',
    async (name) => {
      answer = refused(name);
      const failure = await failureOf(openElsewhere(url).call('ExecuteStatement', {}));
      expect(failure).toMatchObject({ code: 'DuplicateItemException', message: 'why', status: 400 });
    },
  );

  test.each([
    'http://10.0.0.7:8000',
    'http://127.0.0.1.example:8000',
    'https://dynamodb.us-east-1.amazonaws.com',
    'https://localhost:8000',
    'localhost:8000',
  ])('is on this machine, since its tables are thrown away: not %s', (address) => {
    expect(() => openElsewhere(address)).toThrow(`GATEHOUSE_DYNAMODB_URL is "${address}". It must be http://`);
    expect(asked).toBeUndefined();
  });
});

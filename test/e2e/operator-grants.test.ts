import { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorsClient } from '../attacks/support/l-client.ts';
import { gatehouse, gatehouseJson, operatorTable } from '../attacks/support/l-operator.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/**
 * The operator's commands about grants, and what the role behind all of them cannot do. On a stack of its own: revoking
 * a person's grants would end the sessions of other tests.
 */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

const { added, codeFor, redeem, refresh, tokensFor } = operatorsClient(() => stack);
const run = (...args: readonly string[]) => gatehouse(stack.directory, ...args);
const runJson = <T>(...args: readonly string[]) => gatehouseJson<T>(stack.directory, ...args);

describe('gatehouse grants', () => {
  type Grant = { readonly user: string; readonly client_id: string; readonly status: string };

  test("revoke --user ends every refresh family of that person at once, and nobody else's", async () => {
    const [one, other] = [await added(), await added()];
    const [first, second, bobs] = [
      await tokensFor(one, 'dan'),
      await tokensFor(other, 'dan'),
      await tokensFor(one, 'bob'),
    ];
    const [grant] = (await runJson<Grant>('grants', 'list', '--client', other)).filter(
      (row) => row.status === 'active',
    );
    const user = grant?.user ?? '';
    expect(user).not.toBe('');
    await runJson('grants', 'revoke', '--user', user);

    expect(await refresh(one, first)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(other, second)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(one, bobs)).toMatchObject({ status: 200 });
    const left = await runJson<Grant>('grants', 'list', '--user', user);
    expect(new Set(left.map(({ status }) => status))).toEqual(new Set(['revoked']));
  });

  test("revoke --client ends its families and the codes it has not redeemed, and no other client's", async () => {
    const [one, other] = [await added(), await added()];
    const [its, others, code] = [await tokensFor(one, 'ada'), await tokensFor(other, 'ada'), await codeFor(one, 'bob')];
    expect(await runJson('grants', 'revoke', '--client', one)).toMatchObject([{ client: one, revoked: 2 }]);
    expect(await refresh(one, its)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await redeem(one, code)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(other, others)).toMatchObject({ status: 200 });
    expect((await run('grants', 'revoke', '--client', one)).stdout).toMatch(
      /^No grant of client .* was left to revoke/,
    );
  });

  test('list shows no secret and no digest of one', async () => {
    const id = await added();
    await tokensFor(id, 'ada');
    const [row] = await runJson<Grant>('grants', 'list', '--client', id);
    expect(Object.keys(row ?? {}).sort()).toEqual(['client_id', 'expires', 'grant', 'scope', 'status', 'user']);
  });

  test('revoke without a user or a client revokes nothing', async () => {
    const { code, stderr } = await run('grants', 'revoke');
    expect(code).toBe(1);
    expect(stderr).toMatch(/needs --user or --client: it does not revoke everything/);
  });
});

describe('the role Operator', () => {
  const registry = () => operatorTable(stack.directory, 'Registry');
  const grants = () => operatorTable(stack.directory, 'Grants');
  const key = (pk: string) => ({ Key: { pk: { S: pk } } });
  const end = { UpdateExpression: 'SET st = :r', ExpressionAttributeValues: { ':r': { S: 'revoked' } } };

  test.each([
    ['make a grant', grants, (TableName: string) => new PutItemCommand({ TableName, Item: { pk: { S: 'GRANT#x' } } })],
    [
      'read a grant whole by its key',
      grants,
      (TableName: string) => new GetItemCommand({ TableName, ...key('GRANT#x') }),
    ],
    ['change a sign-in', grants, (TableName: string) => new UpdateItemCommand({ TableName, ...key('TXN#x'), ...end })],
    [
      'use up an assertion',
      grants,
      (TableName: string) => new UpdateItemCommand({ TableName, ...key('JTI#x'), ...end }),
    ],
    [
      'plant a document',
      registry,
      (TableName: string) => new PutItemCommand({ TableName, Item: { pk: { S: 'CIMD#x' } } }),
    ],
    [
      'query',
      registry,
      (TableName: string) =>
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :p',
          ExpressionAttributeValues: { ':p': { S: 'CLIENT#x' } },
        }),
    ],
    // biome-ignore lint/suspicious/noExplicitAny: each command is another type, and the client takes them all
  ] as [string, typeof grants, (table: string) => any][])('cannot %s', async (_, open, command) => {
    const { client, table } = open();
    await expect(client.send(command(table))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

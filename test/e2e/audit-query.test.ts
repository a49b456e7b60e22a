import {
  DeleteItemCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../infra/function-names.ts';
import { gatehouse, gatehouseJson, operatorTable } from '../attacks/support/l-operator.ts';
import { type FlowCloud, startFlowCloud } from '../attacks/support/t-flow.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';
import { auditRowsOf } from '../support/audit-rows.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';

/** What a sign-in leaves in the audit log of a whole stack, how it is asked for, and that nobody can change it. */
let here: FlowCloud;
let subject: string;
let clientId: string;
beforeAll(async () => {
  here = await startFlowCloud();
  ({ id: clientId } = await here.register());
  const first = await here.redeem(await here.login(clientId, 'ada'));
  subject = String(decodeJwt(first.accessToken).sub);
  await here.refresh(clientId, first.refreshToken);
  await postMcp(here.cloud.mcpUrl, modernMessage('tools/call', { name: 'whoami', arguments: {} }), first.accessToken);
});
afterAll(() => here.close());

type Row = { readonly tool: string; readonly decision: string; readonly clientId: string; readonly about?: string };
const query = (...args: readonly string[]) => gatehouseJson<Row>(here.cloud.directory, 'audit', 'query', ...args);
const tools = (rows: readonly Row[]) => rows.map(({ tool }) => tool);

describe('gatehouse audit query', () => {
  test('has what a person did, from signing in to the call of a tool', async () => {
    const rows = await query('--user', subject);
    expect(tools(rows)).toEqual(['auth:sign-in', 'auth:token', 'auth:token', 'whoami']);
    for (const row of rows) expect(row).toMatchObject({ decision: 'allowed', clientId });
    expect(new Set(rows.slice(0, 3).map(({ about }) => about)).size).toBe(1);
  });

  test('has what a client did, before anybody signed in too', async () => {
    const rows = await query('--client', clientId);
    expect(tools(rows).slice(0, 3)).toEqual(['auth:registration', 'auth:consent', 'auth:sign-in']);
    expect(tools(await query('--client', clientId, '--tool', 'auth:consent', '--outcome', 'allowed'))).toEqual([
      'auth:consent',
    ]);
  });

  test('writes CSV to stdout, what it found to stderr, and refuses what it does not understand in a sentence', async () => {
    const csv = await gatehouse(here.cloud.directory, 'audit', 'query', '--user', subject, '--csv');
    expect(csv.stdout.split('\r\n')).toHaveLength(6);
    expect(csv.stderr).toMatch(/^4 rows from \S+ to \S+\.\n$/);
    const wrong = await gatehouse(here.cloud.directory, 'audit', 'query', '--outcome', 'bad');
    expect(wrong).toMatchObject({
      code: 1,
      stdout: '',
      stderr: '--outcome is "bad". It is one of: allowed, denied, invalid, failed, unknown.\n',
    });
  });
});

describe('a row that is there', () => {
  test.each([...FUNCTION_NAMES, 'the operator'])('withstands %s', async (who) => {
    const [row] = await auditRowsOf(here.cloud);
    if (row === undefined) throw new Error('there is no row');
    const TableName = variablesOf(here.cloud, 'mcp').AUDIT_TABLE ?? '';
    const Key = { pk: { S: `S#${row.s}` }, sk: { S: String(row.n).padStart(9, '0') } };
    const place = `WHERE pk='${Key.pk.S}' AND sk='${Key.sk.S}'`;
    const client =
      who === 'the operator'
        ? operatorTable(here.cloud.directory, 'Registry').client
        : new DynamoDBClient(clientOptionsOf(here.cloud, who));
    const attempts = {
      PutItem: () => client.send(new PutItemCommand({ TableName, Item: { ...Key, x: { S: 'forged' } } })),
      UpdateItem: () => client.send(new UpdateItemCommand({ TableName, Key, UpdateExpression: 'REMOVE x' })),
      DeleteItem: () => client.send(new DeleteItemCommand({ TableName, Key })),
      PartiQLUpdate: () =>
        client.send(new ExecuteStatementCommand({ Statement: `UPDATE "${TableName}" SET x='y' ${place}` })),
      PartiQLDelete: () =>
        client.send(new ExecuteStatementCommand({ Statement: `DELETE FROM "${TableName}" ${place}` })),
    };
    for (const [action, attempt] of Object.entries(attempts)) {
      await expect(attempt(), action).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining(`dynamodb:${action} on resource`),
      });
    }
    client.destroy();
    expect(await auditRowsOf(here.cloud)).toContainEqual(row);
  });

  test.each(['register', 'authorize', 'token', 'mcp', 'mcp-write'])(
    'of a checkpoint cannot be put where the next one goes by %s, which may add rows',
    async (who) => {
      const client = new DynamoDBClient(clientOptionsOf(here.cloud, who));
      const insert = (pk: string) => {
        const Statement = `INSERT INTO "${variablesOf(here.cloud, who).AUDIT_TABLE}" VALUE {'pk': ?, 'sk': ?}`;
        return client.send(new ExecuteStatementCommand({ Statement, Parameters: [{ S: pk }, { S: `of ${who}` }] }));
      };
      await expect(insert('C#checkpoints')).rejects.toMatchObject({ name: 'AccessDeniedException' });
      await insert('S#a stream of nobody');
      client.destroy();
    },
  );
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdminDatabase } from '../../functions/adapters/data-api-admin.ts';
import { gatehouse } from '../attacks/support/l-operator.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';
import { mintOf } from '../support/minted-tokens.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

let cloud: OwnCloud;

async function ask(method: string, params: Readonly<Record<string, unknown>> = {}) {
  const token = await mintOf(cloud)();
  const { message } = await postMcp(cloud.mcpUrl, modernMessage(method, params), token);
  return message.result;
}
const namesIn = (list: unknown) => (list as readonly { readonly name: string }[]).map(({ name }) => name);

describe('a stack without a database', () => {
  beforeAll(async () => {
    cloud = await startOwnCloud({ identityProvider: false, settings: { database: { kind: 'none' } } });
  });
  afterAll(() => cloud?.close());

  test('starts without PostgreSQL, and answers', async () => {
    expect(existsSync(join(cloud.directory, 'postgres'))).toBe(false);
    const who = await ask('tools/call', { name: 'whoami', arguments: {} });
    expect(JSON.stringify(who?.structuredContent)).toContain('ada');
    expect(who?.isError).toBeUndefined();
  });

  test('offers nothing that would need one', async () => {
    expect(namesIn((await ask('tools/list'))?.tools)).toEqual(['whoami']);
    expect(await ask('tools/call', { name: 'search_orders', arguments: {} })).toBeUndefined();
    expect(await ask('tools/call', { name: 'add_ticket_note', arguments: {} })).toBeUndefined();
  });

  test('has nothing to check, and says so', async () => {
    const said = await gatehouse(cloud.directory, 'database', 'check');
    expect(said).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/has no database[\s\S]+kind "none" of cdk\.json[\s\S]+npm start/),
    });
  });
});

describe('a stack at a database that was there before', () => {
  beforeAll(async () => {
    const database = {
      kind: 'existing',
      clusterArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:shared',
      name: 'desk',
      adminSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:desk-admin-AbCdEf',
    };
    cloud = await startOwnCloud({ identityProvider: false, settings: { database } });
  });
  afterAll(() => cloud?.close());

  test('prepares it, reads and writes', async () => {
    const orders = await ask('tools/call', { name: 'search_orders', arguments: {} });
    expect(JSON.stringify(orders?.structuredContent)).toContain('N-10');
    const note = await ask('tools/call', { name: 'add_ticket_note', arguments: { ticketId: 'T-301', body: 'x' } });
    expect(note?.isError).toBeUndefined();
    expect(JSON.stringify(note?.structuredContent)).toContain('true');
  });

  test('and everything that is granted there is declared', async () => {
    const { code, stdout } = await gatehouse(cloud.directory, 'database', 'check');
    expect(stdout).toContain('Nothing is granted beyond what is declared.');
    expect(code).toBe(0);
  });

  test.each([
    [
      'ALTER ROLE mcp_reader SET default_transaction_read_only = off',
      "ALTER ROLE mcp_reader SET default_transaction_read_only = 'on'",
    ],
    ['GRANT DELETE ON app.notes TO mcp_reader', 'REVOKE DELETE ON app.notes FROM PUBLIC, mcp_reader'],
  ])('after %s the command names it and the fix, and ends with 1', async (harm, fix) => {
    await asMaster(harm);
    const { code, stdout } = await gatehouse(cloud.directory, 'database', 'check');
    expect(stdout).toMatch(/^Granted beyond what is declared, \d:$/m);
    expect(stdout).toContain(fix);
    expect(code).toBe(1);
    await asMaster(fix);
    const after = await gatehouse(cloud.directory, 'database', 'check', '--json');
    expect([after.code, JSON.parse(after.stdout)]).toMatchObject([0, { excess: [] }]);
  });

  test('the check is an exact event, answered to its own role and to no other', async () => {
    const check = { Check: 'DatabasePrivileges' };
    expect(await invokeMigrate('DatabaseCheckerRoleArn', check)).toMatchObject({ excess: [] });
    for (const event of [{}, { ...check, more: 1 }, { Check: 'Everything' }, [check], 'DatabasePrivileges', null]) {
      expect(await invokeMigrate('DatabaseCheckerRoleArn', event)).toHaveProperty('errorType');
    }
    await expect(invokeMigrate('OperatorRoleArn', check)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(invokeMigrate('AuditReaderRoleArn', check)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

/** Runs a statement as the master user, in the role of the one function that can. `SET ROLE` where it is the owner's to do. */
async function asMaster(statement: string): Promise<void> {
  const its = variablesOf(cloud, 'migrate');
  const database = createAdminDatabase({
    client: new RDSDataClient({ ...clientOptionsOf(cloud, 'migrate'), maxAttempts: 1 }),
    clusterArn: its.DATABASE_CLUSTER_ARN ?? '',
    secretArn: its.DATABASE_SECRET_ARN ?? '',
    database: its.DATABASE_NAME ?? '',
  });
  await database.transaction(async (run) => {
    if (statement.includes('app.')) await run('SET LOCAL ROLE mcp_owner');
    await run(statement);
  });
}

/** Invokes migrate as a person in the role of an output, and gives its answer or its error. */
async function invokeMigrate(role: string, event: unknown): Promise<unknown> {
  const read = (name: string) => JSON.parse(readFileSync(join(cloud.directory, `${name}.json`), 'utf8'));
  const { awsUrl: endpoint, outputs } = read('running');
  const credentials = fromTemporaryCredentials({
    masterCredentials: read('developer'),
    params: { RoleArn: outputs[role], RoleSessionName: 'test' },
    clientConfig: { endpoint, region: 'us-east-1' },
  });
  const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const Payload = Buffer.from(JSON.stringify(event));
  const answer = await client.send(new InvokeCommand({ FunctionName: outputs.MigrateFunctionName, Payload }));
  client.destroy();
  return JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8'));
}

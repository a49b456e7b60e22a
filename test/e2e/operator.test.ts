import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamoDbDocuments } from '../../functions/adapters/dynamodb-documents.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { parseClientId } from '../../functions/core/oauth/identifiers.ts';
import { operatorsClient } from '../attacks/support/l-client.ts';
import { gatehouse, gatehouseJson, operatorTable } from '../attacks/support/l-operator.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** The operator's commands about clients: what they say, and what the endpoints do the moment after. */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

const { added, authorizeUrl, codeFor, redeem, redirectUri, refresh, tokensFor } = operatorsClient(() => stack);
const run = (...args: readonly string[]) => gatehouse(stack.directory, ...args);
const runJson = <T>(...args: readonly string[]) => gatehouseJson<T>(stack.directory, ...args);

describe('gatehouse clients', () => {
  test('a client that the operator adds signs people in, within its scope', async () => {
    const id = await added('--scope', 'orders:read');
    expect(await redeem(id, await codeFor(id, 'ada'))).toMatchObject({ status: 200, scope: 'orders:read' });
    const listed = await runJson<{ client_id: string }>('clients', 'list');
    expect(listed.find(({ client_id }) => client_id === id)).toMatchObject({
      name: 'Reports',
      source: 'static',
      status: 'on',
      expires: null,
      scope: 'orders:read',
      redirect_uris: [redirectUri],
    });
    expect((await run('clients', 'list')).stdout).toMatch(new RegExp(`^${id} +Reports +static +on +never`, 'm'));
  });

  test('disable holds at authorize, at the token endpoint and at a refresh at once; approve undoes it', async () => {
    const id = await added();
    const refreshToken = await tokensFor(id, 'ada');
    const code = await codeFor(id, 'ada');
    expect(await run('clients', 'disable', id)).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });

    const page = await fetch(authorizeUrl(id), { redirect: 'manual' });
    expect({ status: page.status, location: page.headers.get('location') }).toEqual({ status: 400, location: null });
    expect(await redeem(id, code)).toMatchObject({ status: 401, error: 'invalid_client' });
    expect(await refresh(id, refreshToken)).toMatchObject({ status: 401, error: 'invalid_client' });

    await runJson('clients', 'approve', id);
    expect(await redeem(id, code)).toMatchObject({ status: 200 });
    expect(await refresh(id, refreshToken)).toMatchObject({ status: 200 });
  });

  test('a client that registered itself stays disabled when it registers again, and never expires from the table', async () => {
    const metadata = { redirect_uris: ['http://127.0.0.1:33418/'], client_name: 'Disabled soon' };
    const register = async () => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${stack.issuer}/register`, {
        method: 'POST',
        headers,
        body: JSON.stringify(metadata),
      });
      return ((await answer.json()) as { client_id: string }).client_id;
    };
    const id = await register();
    await runJson('clients', 'disable', '--', id);
    expect(await register()).toBe(id);
    const item = async () => {
      const { client, table } = operatorTable(stack.directory, 'Registry');
      return (await client.send(new GetItemCommand({ TableName: table, Key: { pk: { S: `CLIENT#${id}` } } }))).Item;
    };
    expect(await item()).toMatchObject({ st: { S: 'off' } });
    expect(await item()).not.toHaveProperty('ttl');
    await runJson('clients', 'approve', '--', id);
    expect(await item()).toMatchObject({ st: { S: 'on' }, exp: { N: '253402300799' } });
    expect(await item()).not.toHaveProperty('ttl');
  });

  test('a client added with its public keys redeems with an assertion it signed, and with nothing less', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-jwks-'));
    const file = join(directory, 'jwks.json');
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    writeFileSync(file, JSON.stringify({ keys: [await exportJWK(publicKey)] }));
    const id = await added('--private-key-jwt', '--jwks', file);
    const code = await codeFor(id, 'ada');
    expect(await redeem(id, code)).toMatchObject({ status: 401, error: 'invalid_client' });
    const client_assertion = await new SignJWT({ iss: id, sub: id, aud: stack.issuer, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(privateKey);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    expect(await redeem(id, code, { client_assertion, client_assertion_type })).toMatchObject({ status: 200 });

    writeFileSync(file, JSON.stringify({ keys: [await exportJWK(privateKey)] }));
    const line = ['clients', 'add', '--name', 'x', '--redirect-uri', redirectUri, '--private-key-jwt', '--jwks', file];
    expect((await run(...line)).stderr).toMatch(/^--jwks .*: a private key stands in its keys/);
    rmSync(directory, { recursive: true });
  });

  test('a client that comes by its document can be disabled too, and fetching it again does not undo it', async () => {
    const id = parseClientId('https://client.example/client.json');
    if (id === undefined) throw new Error('an address is a client id');
    const { client, table } = functionsTable('authorize');
    const documents = createDynamoDbDocuments(createTable(client, table));
    const soon = Math.floor(Date.now() / 1000) + 600;
    const document = { url: id, status: 'on', text: '{}', keys: undefined, freshUntil: soon, expires: soon } as const;
    expect(await documents.keep(document)).toEqual({ ok: true, value: 'kept' });
    await runJson('clients', 'disable', id);
    expect(await documents.keep(document)).toEqual({ ok: true, value: 'off' });
    expect(await documents.find(id)).toMatchObject({ value: { status: 'off', expires: 253_402_300_799 } });
    await runJson('clients', 'approve', id);
    expect(await documents.find(id)).toMatchObject({ value: { status: 'on' } });
    expect((await run('clients', 'remove', id)).stderr).toMatch(/comes by its document and has no entry to remove/);
  });

  test('a removed client is unknown at once, with the tokens it had', async () => {
    const id = await added();
    const refreshToken = await tokensFor(id, 'bob');
    await runJson('clients', 'remove', id);
    expect((await fetch(authorizeUrl(id), { redirect: 'manual' })).status).toBe(400);
    expect(await refresh(id, refreshToken)).toMatchObject({ status: 401, error: 'invalid_client' });
  });

  test.each<[string, readonly string[], RegExp]>([
    ['an unknown verb', ['frob'], /^gatehouse clients has no "frob"\.\nUsage:/],
    ['no id', ['disable'], /takes one client id, and 0 came/],
    ['an id that is not there', ['disable', 'nobody'], /^No client nobody is in the registry, so nothing was changed/],
    ['an id that is none', ['remove', 'a#b'], /^"a#b" is no id of a client/],
    ['no name', ['add', '--redirect-uri', redirectUri], /^--name is missing/],
    ['no redirect URI', ['add', '--name', 'x'], /^--redirect-uri is missing/],
    [
      'plain http',
      ['add', '--name', 'x', '--redirect-uri', 'http://a.example/'],
      /"http:\/\/a\.example\/", .*\(scheme\)/,
    ],
    [
      'an unknown scope',
      ['add', '--name', 'x', '--redirect-uri', redirectUri, '--scope', 'ordrs:read'],
      /^--scope is "ordrs/,
    ],
    [
      'keys but no method',
      ['add', '--name', 'x', '--redirect-uri', 'https://a.example/', '--jwks', 'f'],
      /--private-key-jwt is missing/,
    ],
    ['no time', ['invite', '--expires', 'soon'], /^--expires is "soon"\. Use minutes, hours or days/],
    ...['0', '-1', '1e9', '1001', '1.5', 'x', ''].map((uses): [string, readonly string[], RegExp] => [
      `an invitation for "${uses}" clients`,
      ['invite', '--uses', uses],
      new RegExp(`^--uses is "${uses.replace('.', '\\.')}"\\. Use a whole number of clients from 1 to 1000`),
    ]),
    [
      'half a deployed stack',
      ['list', '--role', 'arn:aws:iam::1:role/x'],
      /--registry-table \(the output Reg.* is missing/,
    ],
  ])('says what is wrong and what to do: %s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await run('clients', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

/** The registry with the credentials that a function runs with. */
function functionsTable(name: string) {
  const found = stack.assembly
    .ofType('AWS::Lambda::Function')
    .find(({ properties }) => JSON.stringify(properties).includes(`"POWERTOOLS_SERVICE_NAME":"${name}"`));
  if (found === undefined) throw new Error(`no function ${name}`);
  const credentials = stack.credentials.forFunction(found);
  const client = new DynamoDBClient({ endpoint: stack.endpoint.url, region: 'us-east-1', credentials });
  return { client, table: operatorTable(stack.directory, 'Registry').table };
}

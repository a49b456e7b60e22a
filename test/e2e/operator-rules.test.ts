import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamoDbDocuments } from '../../functions/adapters/dynamodb-documents.ts';
import { createDynamoDbRulesDesk } from '../../functions/adapters/dynamodb-rules.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { parseClientId } from '../../functions/core/oauth/identifiers.ts';
import { openRulesDesk } from '../../infra/cli/rules/rules-desk.ts';
import { gatehouse, operatorTable } from '../attacks/support/l-operator.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** The operator's commands about clients that come by their document, and what /authorize does the moment after. */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

const DOCUMENT = 'https://client.example/app/one/client.json';
const TEMPLATE = 'https://client.example/app/{id}/client.json';
const CALLBACK = 'https://client.example/cb/42';
const run = (...args: readonly string[]) => gatehouse(stack.directory, 'clients', 'rules', ...args);
const listed = async () => {
  const lines = (await run('list', '--json')).stdout.split('\n').filter((line) => line !== '');
  return lines.map((line): unknown => JSON.parse(line));
};

async function consentPage(clientId: string, redirectUri: string) {
  const url = new URL('/authorize', stack.issuer);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    scope: 'orders:read tickets:read',
  }).toString();
  const response = await fetch(url, { redirect: 'manual' });
  const text = await response.text();
  const scopes = [...text.matchAll(/name="scope" value="([^"]+)"/g)].map(([, scope]) => scope);
  return { status: response.status, text, scopes };
}

/** The document as a sign-in would have kept it: no function of this stack can reach a public host. */
async function keepDocument(): Promise<void> {
  const url = parseClientId(DOCUMENT);
  if (url === undefined) throw new Error('an address is a client id');
  const soon = Math.floor(Date.now() / 1000) + 600;
  const text = JSON.stringify({
    client_id: DOCUMENT,
    client_name: 'By document',
    redirect_uris: [CALLBACK, 'https://client.example/elsewhere'],
    token_endpoint_auth_method: 'none',
  });
  const client = new DynamoDBClient(clientOptionsOf(stack, 'authorize'));
  const table = variablesOf(stack, 'authorize').REGISTRY_TABLE ?? '';
  const documents = createDynamoDbDocuments(createTable(client, table));
  const document = { url, status: 'on', text, keys: undefined, freshUntil: soon, expires: soon } as const;
  expect(await documents.keep(document)).toEqual({ ok: true, value: 'kept' });
}

describe('gatehouse clients rules', () => {
  test('a rule admits clients at once, as far as it says, and no longer than it is there', async () => {
    await keepDocument();
    expect((await run('list')).stdout).toMatch(/^There are no rules/);
    expect((await consentPage(DOCUMENT, CALLBACK)).text).toContain('No rule admits this client');

    const terms = ['--redirect-uri', 'https://client.example/cb/{id}', '--scope', 'orders:read'];
    const added = await run('add', TEMPLATE, ...terms, '--keys-host', 'keys.client.example');
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining(`Clients at ${TEMPLATE} may come`) });
    expect(await listed()).toEqual([
      {
        url: TEMPLATE,
        status: 'on',
        redirect_uris: ['https://client.example/cb/{id}'],
        scope: 'orders:read',
        keys_host: 'keys.client.example',
        pinned: false,
      },
    ]);
    expect((await run('list')).stdout).toMatch(
      /^https:\/\/client\.example\/app\/\{id\}\/client\.json +on +orders:read/m,
    );

    expect(await consentPage(DOCUMENT, CALLBACK)).toMatchObject({ status: 200, scopes: ['orders:read'] });
    expect((await consentPage(DOCUMENT, 'https://client.example/elsewhere')).status).toBe(400);
    const beside = await consentPage('https://client.example/other/client.json', CALLBACK);
    expect(beside.text).toContain('No rule admits this client');

    const removed = await run('remove', TEMPLATE);
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('is removed') });
    expect((await consentPage(DOCUMENT, CALLBACK)).status).toBe(400);
    expect(await listed()).toEqual([]);
  });

  test('of ten rules of one host that are added at once none is lost: each is there, or its command said so', async () => {
    const desk = openRulesDesk(operatorTable(stack.directory, 'Registry'));
    const urls = Array.from({ length: 10 }, (_, at) => `https://busy.example/${at}`);
    const outcomes = await Promise.allSettled(
      urls.map((url) => desk.add('busy.example', { url, redirectUris: ['https://busy.example/cb'] })),
    );
    const done = urls.filter((_, at) => outcomes[at]?.status === 'fulfilled');
    expect(done.length).toBeGreaterThan(0);
    expect((await desk.list()).flatMap(({ rule }) => (rule ? [rule.url] : []))).toEqual(done);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(String(outcome.reason)).toMatch(/changed the rules of busy\.example at/);
    }
    for (const url of done) expect(await desk.remove('busy.example', url)).toBe('done');
    expect(await desk.remove('busy.example', 'https://busy.example/0')).toBe('unknown');
  });

  test('a host that is closed stays closed, and one that cannot be read stays as it is', async () => {
    const { client, table } = operatorTable(stack.directory, 'Registry');
    const written = createDynamoDbRulesDesk(createTable(client, table));
    await written.write('closed.example', { status: 'off', rules: [] });
    const line = ['--redirect-uri', 'https://closed.example/cb'];
    expect((await run('add', 'https://closed.example/a', ...line)).stderr).toMatch(/^closed\.example is closed/);
    expect(await listed()).toContainEqual({ host: 'closed.example', status: 'closed' });
  });

  const [uri, to] = ['https://app.example/client.json', ['--redirect-uri', 'https://app.example/cb']];
  test.each<[string, readonly string[], RegExp]>([
    ['no verb', [], /^gatehouse clients rules has no ""\.\nUsage:/],
    ['no address', ['add', ...to], /takes one address, and 0 came/],
    [
      'plain http',
      ['add', 'http://app.example/client.json', ...to],
      /^"http:.*can be no address of a client's document/,
    ],
    ['no path', ['add', 'https://app.example/', ...to], /can be no address/],
    ['an address inside', ['add', 'https://10.0.0.1/client.json', ...to], /can be no address/],
    ['an open host', ['add', 'https://{id}.example/client.json', ...to], /can be no address/],
    ['a part of an open host', ['add', 'https://app{id}.example/client.json', ...to], /can be no address/],
    ['two open parts', ['add', 'https://app.example/{id}/{id}', ...to], /can be no address/],
    ['no redirect URI', ['add', uri], /^--redirect-uri is missing/],
    [
      'a redirect URI at any host',
      ['add', uri, '--redirect-uri', 'https://{id}.app.example/cb'],
      /^--redirect-uri is "https:\/\/\{id\}.*once, in the path/,
    ],
    [
      'a redirect URI with an open query',
      ['add', uri, '--redirect-uri', 'https://app.example/cb?x={id}'],
      /once, in the path/,
    ],
    ['a scheme', ['add', uri, '--redirect-uri', 'myapp://cb'], /"myapp:\/\/cb", which cannot be registered/],
    ['an unknown scope', ['add', uri, ...to, '--scope', 'ordrs:read'], /^--scope is "ordrs:read"/],
    ['a host of keys that is none', ['add', uri, ...to, '--keys-host', 'a/b'], /^--keys-host is "a\/b"/],
    ['keys inside', ['add', uri, ...to, '--keys-host', 'localhost'], /^--keys-host is "localhost"/],
    ['a rule that is not there', ['remove', uri], /^There is no rule for https:\/\/app\.example\/client\.json/],
    ['half a deployed stack', ['list', '--role', 'arn:aws:iam::1:role/x'], /--registry-table .* is missing/],
  ])('says what is wrong and what to do: %s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  test('the commands of infra/cli/README.md work, in the order in which they stand there', async () => {
    const lines = readFileSync('infra/cli/README.md', 'utf8').match(/^npx gatehouse clients rules .*$/gm) ?? [];
    expect(lines.map((line) => line.split(' ')[4])).toEqual(['add', 'add', 'list', 'remove']);
    for (const line of lines) {
      expect(await run(...line.split(' ').slice(4)), line).toMatchObject({ code: 0, stderr: '' });
    }
    const desk = openRulesDesk(operatorTable(stack.directory, 'Registry'));
    const left = (await desk.list()).filter(({ host }) => host === 'app.example');
    expect(left.map(({ rule }) => rule?.url)).toEqual(['https://app.example/tenants/{id}/client.json']);
  });

  test('a second rule for one address is refused, and the first stays', async () => {
    expect((await run('add', uri, ...to)).code).toBe(0);
    const again = await run('add', uri, '--redirect-uri', 'https://elsewhere.example/cb');
    expect(again.stderr).toMatch(/^There is a rule for .* already, which was left as it is/);
    const desk = openRulesDesk(operatorTable(stack.directory, 'Registry'));
    const found = (await desk.list()).find(({ rule }) => rule?.url === uri);
    expect(found?.rule?.redirectUris).toEqual([to[1]]);
    expect(await desk.remove('app.example', uri)).toBe('done');
  });
});

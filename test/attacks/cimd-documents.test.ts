import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../support/document-server.ts';
import { CLIENT_ID, DOCUMENT, type DocumentFlow, RULE, startDocumentFlow } from './support/c-documents.ts';

/** C: documents and hosts that must not be believed. One page for all of them, and nothing is kept. */
let flow: DocumentFlow;
beforeAll(async () => {
  flow = await startDocumentFlow();
});
afterAll(() => flow?.close());
beforeEach(() => flow.reset());

/** The page with the second of the two texts, without a word about why; no item. */
async function refused(): Promise<void> {
  const response = await flow.authorize();
  expect([response.status, response.headers?.location]).toEqual([400, undefined]);
  expect(response.body).toMatch(/document in which this client describes itself could not be used \(invalid_client\)/);
  expect(response.body).not.toMatch(/127\.0\.0\.1|93\.184|status|ECONN|timeout|certificate| ms\b/i);
  expect(await flow.item()).toBeUndefined();
}

const respond =
  (status: number, headers: Record<string, string>, body?: string): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);
const good = JSON.stringify(DOCUMENT);
const type = { 'content-type': 'application/json' };

describe('a host that', () => {
  test.each<[string, Answer]>([
    ['C11 answers 301', respond(301, { location: 'https://client.example/other' })],
    ['C11 answers 302 with the document in it', respond(302, { ...type, location: 'https://other.example/' }, good)],
    ['C11 answers 307', respond(307, { location: 'https://169.254.169.254/' })],
    ['C11 answers 308', respond(308, { location: 'https://client.example/other' })],
    ['C14 answers 404', respond(404, type, good)],
    ['C14 answers 500', respond(500, type, good)],
    ['C14 answers 204', respond(204, {})],
    ['C14 answers 206', respond(206, type, good)],
    ['C14 breaks off', (_, response) => void response.socket?.destroy()],
    ['C15 calls it HTML', respond(200, { 'content-type': 'text/html' }, good)],
    ['C13 sends headers and then drips', (_, response) => void response.writeHead(200, type).write('{')],
  ])('%s', async (_, answer) => {
    flow.host.answers.set('/app/client.json', answer);
    const begun = performance.now();
    await refused();
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(flow.host.requests).toEqual(['client.example/app/client.json']);
  });

  test('C14 C15 is down for a moment: half a minute later the same client gets its page', async () => {
    await refused();
    flow.serve(DOCUMENT);
    await refused();
    flow.clock.advance('30s');
    expect((await flow.authorize()).status).toBe(200);
  });
});

describe('a document', () => {
  const { client_name: _, ...nameless } = DOCUMENT;
  const { redirect_uris: __, ...homeless } = DOCUMENT;
  test.each<[string, unknown]>([
    ['C18 with a client_secret', { ...DOCUMENT, client_secret: 's3cret' }],
    ['C18 with client_secret_expires_at', { ...DOCUMENT, client_secret_expires_at: 0 }],
    ['C18 with client_secret_basic', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_basic' }],
    ['C18 with client_secret_post', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_post' }],
    ['C18 with client_secret_jwt', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_jwt' }],
    [
      'C18 with no method that can be offered',
      { ...DOCUMENT, token_endpoint_auth_methods_supported: ['tls_client_auth'] },
    ],
    ['C19 without client_name', nameless],
    ['C19 with an empty client_name', { ...DOCUMENT, client_name: '' }],
    ['C19 with an invisible client_name', { ...DOCUMENT, client_name: '\u200b\u202e' }],
    ['C19 without redirect_uris', homeless],
    ['C19 with no redirect URI', { ...DOCUMENT, redirect_uris: [] }],
    ['C19 of another client', { ...DOCUMENT, client_id: 'https://client.example/app/other.json' }],
    ['C19 of the same client in another spelling', { ...DOCUMENT, client_id: `${CLIENT_ID}#` }],
    ['C19 without client_id', { ...DOCUMENT, client_id: undefined }],
    ['C20 with javascript:', { ...DOCUMENT, redirect_uris: [...DOCUMENT.redirect_uris, 'javascript:alert(1)'] }],
    ['C20 with plain http', { ...DOCUMENT, redirect_uris: ['http://client.example/cb'] }],
    ['C20 with a wildcard', { ...DOCUMENT, redirect_uris: ['https://*.client.example/cb'] }],
    ['C20 with a fragment', { ...DOCUMENT, redirect_uris: ['https://client.example/cb#'] }],
    ['C20 with user information', { ...DOCUMENT, redirect_uris: ['https://u:p@client.example/cb'] }],
    ['C20 with a scheme of its own', { ...DOCUMENT, redirect_uris: ['app.example:/cb'] }],
    [
      'C20 with eleven',
      { ...DOCUMENT, redirect_uris: Array.from({ length: 11 }, (___, n) => `https://client.example/${n}`) },
    ],
    ['C2 with the implicit grant alone', { ...DOCUMENT, grant_types: ['implicit'] }],
    ['C18 with a software statement', { ...DOCUMENT, software_statement: 'e.y.J' }],
    ['C23 that must sign and has no key', { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' }],
    ['C19 that is a list', [DOCUMENT]],
    ['C19 that is null', null],
    ['C15 over 5 KiB', { ...DOCUMENT, padding: 'x'.repeat(5 * 1024) }],
  ])('%s', async (_title, document) => {
    flow.serve(document);
    await refused();
  });

  test('C15 that is no JSON', async () => {
    flow.host.answers.set('/app/client.json', respond(200, type, '{'));
    await refused();
  });
});

describe('no rule, no fetch', () => {
  const nothing = async (id: string) => {
    const response = await flow.authorize({ client_id: id });
    expect([id, response.status, response.headers?.location]).toEqual([id, 400, undefined]);
    expect(response.body).toMatch(/No rule admits this client \(invalid_client\)/);
    expect([flow.host.requests, flow.host.options.resolved]).toEqual([[], []]);
  };

  test('C33 one character off is another client: not even a DNS query', async () => {
    for (const [from, to] of OFF_BY_ONE) await nothing(CLIENT_ID.replace(from, to));
    expect(flow.host.connections()).toBe(before);
  });

  test.each(['a/b', '..', '%2e', '%2e%2e', '', '.', 'a%2fb', 'a.b'])('C33 a template filled with %j', async (id) => {
    await flow.rule({ ...RULE, url: 'https://client.example/oauth/{id}/client.json' });
    await nothing(`https://client.example/oauth/${id}/client.json`);
  });

  test('C9 this server itself, though a rule names it', async () => {
    await flow.rule({ ...RULE, url: 'https://mcp.example/client.json' });
    await nothing('https://mcp.example/client.json');
  });

  test('C33 another host, for which there is a rule of another host’s address', async () => {
    await nothing('https://other.example/app/client.json');
  });

  let before = 0;
  beforeEach(() => {
    before = flow.host.connections();
  });
});

const OFF_BY_ONE: readonly (readonly [string, string])[] = [
  ['client.example', 'cliemt.example'],
  ['client.example', 'client.example.'],
  ['client.example', 'Client.example'],
  ['client.example', 'a.client.example'],
  ['/app/', '/App/'],
  ['/app/', '/app//'],
  ['client.json', 'client.jsom'],
  ['client.json', 'client.json/'],
  ['client.json', 'client.json?'],
  ['client.json', 'client.json?a=b'],
  ['client.json', 'client.json#'],
];

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, location, type Tokens } from '../support/authorization-server.ts';
import {
  CLIENT_ID,
  DOCUMENT,
  type DocumentFlow,
  REDIRECT_URI,
  RULE,
  startDocumentFlow,
} from './support/c-documents.ts';

/** C: what a document brings about that was fetched, over TLS, from a server that may serve anything. */
let flow: DocumentFlow;
beforeAll(async () => {
  flow = await startDocumentFlow();
});
afterAll(() => flow?.close());
beforeEach(() => flow.reset());

const tokens = async (changes = {}): Promise<Tokens> => {
  const redeemed = await flow.redeem(await flow.code(changes));
  expect(redeemed.status).toBe(200);
  return bodyOf<Tokens>(redeemed);
};
const page = async (changes = {}) => (await flow.authorize(changes)).body ?? '';

describe('a document that is admitted', () => {
  test('C2 C33 gets tokens; grant types it lists for others are no harm, and the fetch is one', async () => {
    flow.serve({ ...DOCUMENT, grant_types: [...DOCUMENT.grant_types, 'urn:ietf:params:oauth:grant-type:device_code'] });
    const { refresh_token: token, scope } = await tokens();
    expect(scope).toBe('orders:read tickets:read tickets:write');
    expect((await flow.refresh(token)).status).toBe(200);
    expect(flow.host.requests).toEqual(['client.example/app/client.json']);
  });

  test('C33 by template: any id, one segment', async () => {
    await flow.rule({ ...RULE, url: 'https://client.example/oauth/{id}/client.json' });
    const id = 'https://client.example/oauth/abc_1-2/client.json';
    flow.serve({ ...DOCUMENT, client_id: id }, '/oauth/abc_1-2/client.json');
    const code = await flow.code({ client_id: id });
    expect((await flow.redeem(code, { client_id: id })).status).toBe(200);
  });

  test('C24 is kept for a day at most, and the token endpoint knows its client for as long as a family lives', async () => {
    const now = flow.clock.seconds();
    flow.serve(DOCUMENT, undefined, { 'cache-control': 'max-age=31536000' });
    const { refresh_token: token } = await tokens();
    expect(await flow.item()).toMatchObject({
      fresh: { N: String(now + 86_400) },
      ttl: { N: String(now + 91 * 86_400) },
    });
    flow.clock.advance('23h');
    await page();
    expect(flow.host.requests).toHaveLength(1);
    flow.clock.advance('1h');
    await page();
    expect(flow.host.requests).toHaveLength(2);
    flow.clock.advance('20d');
    expect((await flow.refresh(token)).status).toBe(200);
    expect(flow.host.requests).toHaveLength(2);
  });

  test.each(['no-store', 'max-age=0', 'max-age=-1'])(
    'C24 with %s is fetched for every sign-in',
    async (cacheControl) => {
      flow.serve(DOCUMENT, undefined, { 'cache-control': cacheControl });
      await page();
      await page();
      expect(flow.host.requests).toHaveLength(2);
      await tokens();
    },
  );

  test('C26 kept, and no longer good enough: is fetched again in the same request', async () => {
    flow.serve(DOCUMENT, undefined, { 'cache-control': 'max-age=3600' });
    await page();
    const item = await flow.item();
    await flow.put({ ...item, doc: { S: JSON.stringify({ ...DOCUMENT, redirect_uris: ['javascript:alert(1)'] }) } });
    expect((await flow.authorize()).status).toBe(200);
    expect(flow.host.requests).toHaveLength(2);
    expect(await flow.item()).toMatchObject({ doc: { S: JSON.stringify(DOCUMENT) } });
  });

  test('C27 asked for twenty times at once is fetched once, and all are answered', async () => {
    flow.serve(DOCUMENT);
    const answers = await Promise.all(Array.from({ length: 20 }, () => flow.authorize()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(flow.host.requests).toHaveLength(1);
  });

  test('C28 one of many at one host waits its turn: 429 says for how long, and the host is asked 20 times a minute', async () => {
    const address = (n: number) => `https://client.example/many/${n}`;
    await flow.rule({ ...RULE, url: 'https://client.example/many/{id}' });
    const arrive = async (n: number) => {
      flow.serve({ ...DOCUMENT, client_id: address(n) }, `/many/${n}`, { 'cache-control': 'max-age=3600' });
      return flow.authorize({ client_id: address(n) });
    };
    const answers: Awaited<ReturnType<typeof arrive>>[] = [];
    for (let n = 0; n < 200; n++) answers.push(await arrive(n));
    expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), ...Array(180).fill(429)]);
    expect(flow.host.requests).toHaveLength(20);
    const last = answers[199];
    expect(last?.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' });
    expect(last?.body).toMatch(/Too many at once.*https:\/\/client\.example\/many\/199.*again in 60 seconds/s);
    // Who was looked up before needs no fetch.
    expect((await arrive(0)).status).toBe(200);
    flow.clock.advance('1m');
    expect((await arrive(199)).status).toBe(200);
    await flow.rule(RULE);
  });

  test('C21 sends its answer to another host than its own: the page names both and says so', async () => {
    const elsewhere = 'https://other.example/cb';
    await flow.rule({ ...RULE, redirectUris: [elsewhere] });
    flow.serve({ ...DOCUMENT, redirect_uris: [elsewhere] });
    expect(await page({ redirect_uri: elsewhere })).toMatch(
      /described at <strong>client\.example<\/strong>.*another host, <strong>other\.example/,
    );
    await flow.rule(RULE);
    flow.serve(DOCUMENT);
    flow.clock.advance('1d');
    expect(await page()).not.toMatch(/described at/);
  });

  test('C22 that only knows this computer: the page warns', async () => {
    await flow.rule({ ...RULE, redirectUris: ['http://127.0.0.1/cb'] });
    flow.serve({ ...DOCUMENT, redirect_uris: ['http://127.0.0.1/cb'] });
    const warned = await page({ redirect_uri: 'http://127.0.0.1:5000/cb' });
    expect(warned).toMatch(/An application on this computer/);
    expect(warned).toMatch(/Any program on this computer could be the one that asks/);
  });

  test('C30 has a logo: nobody fetches it, and the page may not', async () => {
    flow.serve({ ...DOCUMENT, logo_uri: 'https://client.example/logo.png' });
    const response = await flow.authorize();
    expect(response.body).not.toContain('logo.png');
    expect(response.headers?.['content-security-policy']).toMatch(/img-src 'none'/);
    expect(flow.host.requests).toEqual(['client.example/app/client.json']);
  });

  test('C31 used from a second device leaves the first signed in', async () => {
    flow.serve(DOCUMENT);
    const first = await tokens();
    await tokens();
    expect((await flow.refresh(first.refresh_token)).status).toBe(200);
  });
});

describe('document and rule', () => {
  test('C34 a redirect URI of one of them only is none', async () => {
    const [documents, rules] = ['https://client.example/extra', 'https://client.example/ruled'];
    await flow.rule({ ...RULE, redirectUris: [REDIRECT_URI, rules] });
    flow.serve({ ...DOCUMENT, redirect_uris: [REDIRECT_URI, documents] });
    for (const redirect_uri of [documents, rules]) {
      const refused = await flow.authorize({ redirect_uri });
      expect([refused.status, refused.headers?.location]).toEqual([400, undefined]);
    }
    expect((await flow.authorize()).status).toBe(200);
  });

  test('C34 a scope of one of them only is dropped', async () => {
    await flow.rule({ ...RULE, ceiling: ['orders:read', 'tickets:write'] });
    flow.serve({ ...DOCUMENT, scope: 'orders:read tickets:read unknown' });
    expect((await tokens()).scope).toBe('orders:read');
  });

  test('C34 a rule that narrows, or closes, holds at once: at the page, for a code and for a refresh', async () => {
    flow.serve(DOCUMENT);
    const { refresh_token: token } = await tokens();
    const code = await flow.code();
    await flow.rule(RULE, 'off');
    expect((await flow.authorize()).status).toBe(400);
    expect((await flow.redeem(code)).status).toBe(401);
    expect((await flow.refresh(token)).status).toBe(401);
    await flow.rule(RULE);
    expect((await flow.redeem(code)).status).toBe(200);
    expect((await flow.refresh(token)).status).toBe(200);
  });

  test('C34 a client the operator switched off stays off, however often its document is fetched', async () => {
    flow.serve(DOCUMENT, undefined, { 'cache-control': 'no-store' });
    const { refresh_token: token } = await tokens();
    expect(await flow.disable(CLIENT_ID)).toMatchObject({ value: 'changed' });
    expect((await flow.authorize()).body).toMatch(/switched off/);
    expect((await flow.refresh(token)).status).toBe(401);
    expect(await flow.item()).toMatchObject({ st: { S: 'off' } });
  });

  test('C35 a host that answers 403 with HTML, and a pinned copy: the copy serves, and is checked like any other', async () => {
    flow.host.answers.set('/app/client.json', (_, response) => {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Are you human?</h1>');
    });
    await flow.rule({ ...RULE, pinned: JSON.stringify(DOCUMENT) });
    expect((await tokens()).scope).toContain('orders:read');
    await flow.reset();
    await flow.rule({ ...RULE, pinned: JSON.stringify({ ...DOCUMENT, client_secret: 'x' }) });
    const refused = await flow.authorize();
    expect([refused.status, refused.body]).toMatchObject([400, expect.stringMatching(/could not be used/)]);
  });

  test('C33 nothing goes to the client while its address is not proven', async () => {
    const refused = await flow.authorize({ scope: 'nothing' });
    expect(refused.status).toBe(400);
    flow.serve(DOCUMENT);
    flow.clock.advance('30s');
    expect(location(await flow.authorize({ scope: 'nothing' }))).toMatch(/error=invalid_scope/);
  });
});

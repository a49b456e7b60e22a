import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSafeFetch } from '../../functions/adapters/fetch-safely.ts';
import { type Answer, type DocumentServer, json, selfSigned, startDocumentServer } from '../support/document-server.ts';

/** The one request this server makes to an address that somebody else chose, against a real TLS server. */
let server: DocumentServer;
beforeAll(async () => {
  server = await startDocumentServer();
});
afterAll(() => server?.close());
beforeEach(() => {
  server.answers.clear();
  server.requests.length = 0;
  server.options.resolved.length = 0;
});

const URL_ = 'https://client.example/client.json';
const DOCUMENT = { client_id: URL_ };
const fetchFrom = (changes: Parameters<typeof createSafeFetch>[0] = {}) =>
  createSafeFetch({ ...server.options, ...changes });
const serve = (answer: Answer) => server.answers.set('/client.json', answer);
const respond =
  (status: number, headers: Record<string, string>, body?: string | Buffer): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what comes back', () => {
  test('is the text, asked for once, by its name, without cookies, credentials or compression', async () => {
    let headers: unknown;
    serve((request, response) => {
      headers = request.headers;
      json(DOCUMENT)(request, response);
    });
    expect(await fetchFrom()(URL_)).toEqual({ ok: true, value: { text: JSON.stringify(DOCUMENT), freshFor: 300 } });
    expect(server.requests).toEqual(['client.example/client.json']);
    expect(server.options.resolved).toEqual(['client.example']);
    expect(headers).toEqual({
      host: 'client.example',
      accept: 'application/json',
      'accept-encoding': 'identity',
      connection: 'close',
    });
  });

  test.each([
    ['max-age=31536000', 31_536_000],
    ['public, max-age=600, must-revalidate', 600],
    ['max-age="60"', 60],
    ['max-age=0', 0],
    ['max-age=-1', 0],
    ['max-age=soon', 0],
    ['no-store', 0],
    ['max-age=600, No-Store', 0],
    ['no-cache', 0],
    ['public', 300],
  ])('C24 Cache-Control: %s keeps it for %i s', async (cacheControl, freshFor) => {
    serve(json(DOCUMENT, { 'cache-control': cacheControl }));
    expect(await fetchFrom()(URL_)).toMatchObject({ ok: true, value: { freshFor } });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/oauth-client+json',
    'Application/JSON',
  ])('C15 %s is JSON', async (type) => {
    serve(respond(200, { 'content-type': type }, '{}'));
    expect(await fetchFrom()(URL_)).toMatchObject({ ok: true });
  });

  test('exactly 5 KiB pass', async () => {
    serve(respond(200, JSON_TYPE, 'x'.repeat(5 * 1024)));
    expect(await fetchFrom()(URL_)).toMatchObject({ ok: true });
  });
});

describe('what is refused', () => {
  test.each<[string, Answer, RegExp]>([
    ...[301, 302, 303, 307, 308].map((status): [string, Answer, RegExp] => [
      `C11 a ${status} to the same host`,
      respond(status, { location: 'https://client.example/other.json' }),
      /status 30/,
    ]),
    ...[201, 203, 204, 206, 403, 404, 500].map((status): [string, Answer, RegExp] => [
      `C14 ${status}`,
      respond(status, JSON_TYPE, status === 204 ? undefined : '{}'),
      /status/,
    ]),
    ['C15 HTML with JSON in it', respond(200, { 'content-type': 'text/html' }, '{}'), /not JSON/],
    ['C15 text/json', respond(200, { 'content-type': 'text/json' }, '{}'), /not JSON/],
    ['C15 application/jsonp', respond(200, { 'content-type': 'application/jsonp' }, '{}'), /not JSON/],
    ['C15 no type', respond(200, {}, '{}'), /not JSON/],
    ['compression', respond(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}'), /encoded/],
    ['5 KiB and one byte', respond(200, JSON_TYPE, 'x'.repeat(5 * 1024 + 1)), /over 5120 bytes/],
    ['what is no UTF-8', respond(200, JSON_TYPE, Buffer.from([0x7b, 0xff, 0x7d])), /./],
    ['C14 a connection that breaks', (_, response) => void response.socket?.destroy(), /socket hang up|ECONNRESET/],
  ])('%s', async (_, answer, why) => {
    serve(answer);
    server.answers.set('/other.json', json(DOCUMENT));
    expect(await fetchFrom()(URL_)).toEqual({ ok: false, error: expect.stringMatching(why) });
    expect(server.requests).toEqual(['client.example/client.json']);
  });

  test('a body without an end is cut off at 5 KiB', async () => {
    let sent = 0;
    serve((_, response) => {
      response.writeHead(200, JSON_TYPE);
      const more = () => {
        if (response.destroyed) return;
        sent += 1024;
        response.write('x'.repeat(1024), () => setImmediate(more));
      };
      more();
    });
    expect(await fetchFrom()(URL_)).toMatchObject({ ok: false, error: expect.stringMatching(/over/) });
    const before = sent;
    await pause(200);
    expect(sent - before).toBeLessThan(1024 * 1024);
  });

  test('C13 headers at once and a body that drips: 3 s for everything, and the connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    serve((_, response) => {
      response.writeHead(200, JSON_TYPE);
      const drip = setInterval(() => response.write(' '), 100);
      response.on('close', () => {
        clearInterval(drip);
        closed.resolve();
      });
    });
    const begun = performance.now();
    expect(await fetchFrom()(URL_)).toEqual({ ok: false, error: 'no answer within 3000 ms' });
    expect(performance.now() - begun).toBeLessThan(3_500);
    await closed.promise;
  });

  test('C13 the time covers the name as well, and a late answer of the resolver opens nothing', async () => {
    const before = server.connections();
    const resolve = () => pause(300, [{ address: '93.184.215.14', family: 4 }]);
    expect(await fetchFrom({ resolve, timeoutMs: 100 })(URL_)).toMatchObject({ ok: false });
    await pause(400);
    expect(server.connections()).toBe(before);
  });

  test('C14 a certificate nobody vouches for, and one for another name', async () => {
    serve(json(DOCUMENT));
    const { certificate } = await selfSigned('client.example', ['client.example']);
    expect(await fetchFrom({ ca: certificate })(URL_)).toMatchObject({ ok: false });
    expect(await fetchFrom()('https://client.test.invalid-name.org/client.json')).toMatchObject({ ok: false });
    expect(server.requests).toEqual([]);
  });
});

describe('where nothing is sent', () => {
  const nowhere = async (url: string, options: Parameters<typeof createSafeFetch>[0] = {}) => {
    const before = server.connections();
    expect(await fetchFrom(options)(url)).toMatchObject({ ok: false });
    expect(server.connections()).toBe(before);
  };

  test.each([
    'http://client.example/c.json',
    'https://client.example:8443/c.json',
    'https://client.example/',
    'https://u:p@client.example/c.json',
    'https://127.0.0.1/c.json',
    'https://[::1]/c.json',
    'https://2130706433/c.json',
    'https://localhost/c.json',
  ])('C3-C10 %s: not even a DNS query', async (url) => {
    await nowhere(url);
    expect(server.options.resolved).toEqual([]);
  });

  test.each([
    ['private', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['link-local', ['169.254.169.254']],
    ['of the container credentials', ['169.254.170.2']],
    ['CGNAT', ['100.64.0.1']],
    ['multicast', ['224.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['IPv6 metadata', ['fd00:ec2::254']],
    ['IPv4 in IPv6', ['::ffff:93.184.215.14']],
    ['public and private', ['93.184.215.14', '10.0.0.1']],
    ['public, and private in IPv6', ['93.184.215.14', 'fe80::1']],
    ['none', []],
  ])('C7 a name whose address is %s: no connection', async (_, addresses) => {
    const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    await nowhere(URL_, { resolve });
  });

  test('C7 a name that means something else a moment later is asked once, and never connects elsewhere', async () => {
    let asked = 0;
    const resolve = async () => [{ address: asked++ === 0 ? '192.0.0.8' : '127.0.0.1', family: 4 }];
    await nowhere(URL_, { resolve });
    expect(asked).toBe(1);
  });

  test('C14 a name that does not resolve', async () => {
    await nowhere(URL_, { resolve: () => Promise.reject(new Error('ENOTFOUND')) });
  });
});

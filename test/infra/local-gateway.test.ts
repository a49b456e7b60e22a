import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listenOnLoopback, PortTaken } from '../../infra/local/gateway/loopback.ts';
import { httpApi, type RunningApi, runApi } from './fixtures-runtime/http-api.ts';
import { bytes, raw } from './fixtures-runtime/raw-http.ts';

let api: RunningApi;
beforeAll(async () => {
  api = await runApi(httpApi({ 'ANY /echo': {}, 'POST /slow': {}, 'GET /items/{id}': {} }));
});
afterAll(() => api.close());
beforeEach(() => {
  api.reports.length = 0;
});

describe('what never reaches a function', () => {
  test.each([
    ['GET', '/nothing'],
    ['GET', '/slow'],
    ['POST', '/items/1'],
    ['GET', '/echo/'],
    ['GET', '//echo'],
    ['GET', '/items/'],
    ['TRACE', '/echo'],
  ])('%s %s: no route', async (method, path) => {
    const answer = await bytes(
      api.gateway.port,
      `${method} ${path} HTTP/1.1\r\nHost: localhost:${api.gateway.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('{"message":"Not Found"}');
    expect(api.reports).toMatchObject([{ method, path, status: 404 }]);
  });

  test.each(['evil.example', 'localhost', 'localhost:1', 'localhost.evil.example:80', '127.0.0.1.nip.io'])(
    'a request for the host %s, as a rebound name would send',
    async (host) => {
      const response = await raw(api.gateway.port, { host });
      expect(response.statusCode).toBe(421);
      expect(response.text).toContain('answers to localhost:');
    },
  );

  test('a request with two hosts', async () => {
    const own = `localhost:${api.gateway.port}`;
    const answer = await bytes(
      api.gateway.port,
      `GET /echo HTTP/1.1\r\nHost: ${own}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|21) /);
  });

  test('an address of this machine, under each of its names, is let in', async () => {
    for (const name of ['localhost', 'LocalHost', '127.0.0.1', '[::1]']) {
      expect((await raw(api.gateway.port, { host: `${name}:${api.gateway.port}` })).statusCode).toBe(200);
    }
  });

  test('a head beyond 10,240 bytes, counted over request line and header values', async () => {
    const host = `localhost:${api.gateway.port}`;
    const line = 'GET /echo HTTP/1.1'.length;
    const others = host.length + 'close'.length;
    const largest = 10_240 - line - others;
    const close = { host, connection: 'close' };
    expect((await raw(api.gateway.port, { ...close, 'x-long': 'x'.repeat(largest) })).statusCode).toBe(200);
    expect((await raw(api.gateway.port, { ...close, 'x-long': 'x'.repeat(largest + 1) })).statusCode).toBe(431);
    const query = `?${'q'.repeat(largest)}`;
    expect((await raw(api.gateway.port, close, `/echo${query}`)).statusCode).toBe(431);
    expect((await raw(api.gateway.port, { ...close, 'x-long': 'x'.repeat(200_000) })).statusCode).toBe(431);
  });

  test('a body beyond 10 MB, announced or not', async () => {
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    const announced = await fetch(`${api.gateway.url}/echo`, { method: 'POST', body });
    expect([announced.status, await announced.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
    const stream = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < body.length; sent += 1 << 20)
          controller.enqueue(body.subarray(sent, sent + (1 << 20)));
        controller.close();
      },
    });
    const chunked = await fetch(`${api.gateway.url}/echo`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(api.reports).toHaveLength(2);
  });

  test('a body that becomes an event beyond 6 MB', async () => {
    const body = new Uint8Array(5 * 1024 * 1024);
    expect((await fetch(`${api.gateway.url}/echo`, { method: 'POST', body })).status).toBe(413);
    expect(api.reports[0]?.problem).toContain('RequestTooLargeException');
  });

  test.each([
    ['what is no HTTP', 'nonsense\r\n\r\n', 400],
    ['HTTP/1.0', 'GET /echo HTTP/1.0\r\nHost: localhost:PORT\r\n\r\n', 505],
    [
      'an absolute target',
      'GET http://localhost:PORT/echo HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['a path with half an escape', 'GET /echo% HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n', 400],
    ['no host at all', 'GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ])('%s', async (_, text, status) => {
    const answer = await bytes(api.gateway.port, text.replaceAll('PORT', String(api.gateway.port)));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

test('every request is reported once, without its query', async () => {
  await fetch(`${api.gateway.url}/echo?code=secret`);
  expect(api.reports).toEqual([
    { requestId: expect.any(String), method: 'GET', path: '/echo', status: 200, durationMs: expect.any(Number) },
  ]);
});

test('localhost is answered on both of its addresses, and no other address of the machine', async () => {
  const both = await Promise.all(
    ['127.0.0.1', '[::1]'].map((host) => fetch(`http://${host}:${api.gateway.port}/echo`)),
  );
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  const others = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const { address } of others.filter(({ internal, family }) => !internal && family === 'IPv4')) {
    await expect(fetch(`http://${address}:${api.gateway.port}/echo`)).rejects.toThrow('fetch failed');
  }
});

test('a port that is taken is a typed error with one sentence', async () => {
  const { port } = api.gateway;
  const refused = listenOnLoopback(port, {}, () => undefined);
  await expect(refused).rejects.toBeInstanceOf(PortTaken);
  await expect(refused).rejects.toMatchObject({ port, message: expect.stringContaining(`Port ${port} is taken.`) });
});

test('a close lets a request in flight finish', async () => {
  const own = await runApi(httpApi({ 'POST /write': { bundle: 'echo' } }));
  await fetch(`${own.gateway.url}/write`, { method: 'POST' });
  const inFlight = fetch(`${own.gateway.url}/write`, { method: 'POST', headers: { 'x-answer': 'slow' } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await own.gateway.close();
  expect((await inFlight).status).toBe(200);
  await expect(fetch(own.gateway.url)).rejects.toThrow();
  await own.close();
});

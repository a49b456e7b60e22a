import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, NoAnswer } from '../../infra/cli/doctor/ask.ts';
import { oldTls, plainHttp } from '../../infra/cli/doctor/live-transport.ts';
import { type Lie, type Reply, startStand } from './doctor-stand.ts';

/** How `gatehouse doctor` asks: with bounds, and for what a server must not accept. */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function standing(lie: Lie) {
  const stand = await startStand(lie);
  closing.push(stand.close);
  return stand;
}

describe('a request', () => {
  test('follows no redirect', async () => {
    const { origin } = await standing(() => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }));
    expect(await ask(new URL(origin))).toMatchObject({ status: 302 });
  });

  test('reads no more than 256 KiB', async () => {
    const { origin } = await standing(() => ({ status: 200, body: 'x'.repeat(300_000) }));
    await expect(ask(new URL(origin))).rejects.toThrow(/an answer of more than 262144 bytes/);
  });

  test('waits five seconds and no longer, also for the end of a body', { timeout: 15_000 }, async () => {
    const silent = await listening(createTcpServer((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nand then')));
    const started = Date.now();
    const error = await ask(new URL(`http://127.0.0.1:${silent}`)).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(NoAnswer);
    expect((error as Error).message).toContain('no answer within 5 seconds');
    expect(Date.now() - started).toBeLessThan(7_000);
  });
});

describe('a deployed server', () => {
  test('is refused when it still accepts TLS 1.1, and only then', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keySize: 2048 });
    const old: TlsOptions = { cert, key, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
    const url = async (options: TlsOptions) => {
      const port = await listening(createTlsServer(options, (socket) => socket.end()));
      return { mcp: new URL(`https://127.0.0.1:${port}/mcp`) };
    };
    expect(await oldTls(await url(old))).toMatchObject({ status: 'fail', says: expect.stringContaining('TLSv1.1') });
    expect(await oldTls(await url({ cert, key, minVersion: 'TLSv1.2' }))).toEqual({
      status: 'ok',
      says: '1.1 is refused',
    });
  });

  test.each<[string, Reply, 'ok' | 'fail']>([
    ['redirects to https', { status: 301, headers: { location: 'https://127.0.0.1/mcp' } }, 'ok'],
    ['redirects to http', { status: 301, headers: { location: 'http://127.0.0.1/mcp' } }, 'fail'],
    ['serves', { status: 200 }, 'fail'],
    ['asks for a token in the clear', { status: 401 }, 'fail'],
    ['refuses everything', { status: 403 }, 'ok'],
  ])('over plain HTTP %s', async (_, reply, status) => {
    const { origin } = await standing(() => reply);
    const mcp = new URL('https://127.0.0.1/mcp');
    expect(await plainHttp({ mcp }, Number(new URL(origin).port))).toMatchObject({ status });
  });

  test('over plain HTTP is nobody, which is right', async () => {
    const port = await listening(createTcpServer());
    for (const close of closing.splice(0)) await close();
    expect(await plainHttp({ mcp: new URL('https://127.0.0.1/mcp') }, port)).toEqual({
      status: 'ok',
      says: 'nobody answers',
    });
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<{ destroy: () => void }>();
  server.on('connection', (socket) => sockets.add(socket));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

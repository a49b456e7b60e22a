import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWriteInvoker } from '../../../functions/adapters/lambda-invoke.ts';

/** What the service answers next: status, headers, body. Undefined: it hangs up. */
let next: { status: number; headers?: Record<string, string>; body: string } | undefined;
const asked: { path: string; body: string }[] = [];

const server = createServer(async (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  asked.push({ path: incoming.url ?? '', body: Buffer.concat(chunks).toString() });
  if (!next) return void incoming.socket.destroy();
  outgoing.writeHead(next.status, next.headers).end(next.body);
});
let invoke: ReturnType<typeof createWriteInvoker>;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  invoke = createWriteInvoker(client, 'mcp-write');
});
afterAll(() => void server.close());

const request = { token: 't', tool: 'add_ticket_note', arguments: { a: 1 }, requestId: 'r' };
const signal = () => AbortSignal.timeout(5_000);

test('the call is sent whole to the one function, and its value comes back', async () => {
  next = { status: 200, body: '{"status":"done","value":{"added":true}}' };
  expect(await invoke(request, signal())).toEqual({ status: 'done', value: { added: true } });
  expect(asked.at(-1)?.path).toContain('/functions/mcp-write/invocations');
  expect(JSON.parse(asked.at(-1)?.body ?? '')).toEqual(request);
});

test('being throttled is known to have had no effect', async () => {
  next = { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: '{"message":"slow down"}' };
  expect(await invoke(request, signal())).toEqual({ status: 'failed', code: 'busy' });
});

test.each([
  ['a crash', { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorMessage":"x"}' }],
  ['another shape', { status: 200, body: '{"status":"done"}' }],
  ['more than the shape', { status: 200, body: '{"status":"done","value":{},"note":"trust me"}' }],
  ['a code nobody defined', { status: 200, body: '{"status":"failed","code":"all_fine"}' }],
  ['no JSON', { status: 200, body: 'done' }],
  ['a service error', { status: 500, body: '{}' }],
  ['nothing', undefined],
])('%s is no answer, and nothing is sent twice', async (_name, answer) => {
  next = answer;
  const before = asked.length;
  await expect(invoke(request, signal())).rejects.toThrow();
  expect(asked.length - before).toBe(1);
});

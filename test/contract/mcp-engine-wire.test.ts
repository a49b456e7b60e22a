import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokenVerifier } from '../../functions/adapters/access-token.ts';
import { createMcpEngine } from '../../functions/adapters/mcp-engine.ts';
import { advertisedTool } from '../../functions/core/tools/answer.ts';
import { type Loopback, listen } from '../core/tools/fixture/loopback.ts';
import { aStack, clock, probe, registry } from '../core/tools/fixture/stack.ts';
import { signer, token } from '../core/tools/fixture/tokens.ts';

/** What no client library sends, or shows: the protocol on the wire. */
let server: Loopback;

beforeAll(async () => {
  server = await listen((issuer) => {
    const url = `${issuer}/mcp`;
    const verify = createTokenVerifier({ issuer, audience: url, keys: [signer.key], clock });
    return aStack({ issuer, verify, engine: createMcpEngine({ url, version: '0.0.0-test' }) });
  });
});
afterAll(() => server.close());

function bearer(): string {
  return token({ iss: new URL(server.url).origin, aud: server.url });
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernHeaders = { 'mcp-protocol-version': '2026-07-28' };

test('B30 a batch is refused, and GET is 401 without a token and 405 with one', async () => {
  expect((await post([{ jsonrpc: '2.0', id: 1, method: 'tools/list' }])).status).toBe(400);
  const anonymous = await fetch(server.url);
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toContain('resource_metadata');
  const known = await fetch(server.url, { headers: { authorization: `Bearer ${bearer()}` } });
  expect(known.status).toBe(405);
  expect(known.headers.get('allow')).toBe('POST');
});

test('the tool list is private to its user, and discover does not promise changes', async () => {
  const list = await post(
    { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope } },
    { ...modernHeaders, 'mcp-method': 'tools/list' },
  );
  expect(await list.json()).toMatchObject({ result: { cacheScope: 'private', ttlMs: 60_000, resultType: 'complete' } });
  const discover = await post(
    { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: envelope } },
    { ...modernHeaders, 'mcp-method': 'server/discover' },
  );
  expect(await discover.json()).toMatchObject({
    result: { capabilities: { tools: { listChanged: false } }, supportedVersions: ['2026-07-28'] },
  });
});

test('headers that do not mirror the body are 400, and nothing runs', async () => {
  const runs = probe.runs;
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'probe', arguments: {}, _meta: envelope },
  };
  for (const wrong of [
    { 'mcp-method': 'tools/list', 'mcp-name': 'probe' },
    { 'mcp-method': 'tools/call', 'mcp-name': 'whoami' },
    { 'mcp-method': 'tools/call' },
  ]) {
    const response = await post(body, { ...modernHeaders, ...(wrong as Record<string, string>) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32020 } });
  }
  expect(probe.runs).toBe(runs);
});

test('a subscription is refused at once: it would hold the function open', async () => {
  const response = await post(
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: envelope },
    },
    { ...modernHeaders, 'mcp-method': 'subscriptions/listen' },
  );
  expect(await response.json()).toMatchObject({ error: { code: -32603 } });
});

test('an unknown method and an unknown revision are answered as the protocol says', async () => {
  const unknown = await post(
    { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: envelope } },
    { ...modernHeaders, 'mcp-method': 'ping' },
  );
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ error: { code: -32601 } });
  const _meta = { ...envelope, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' };
  const future = await post(
    { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } },
    { 'mcp-protocol-version': '2030-01-01', 'mcp-method': 'tools/list' },
  );
  expect(future.status).toBe(400);
  expect(await future.json()).toMatchObject({ error: { code: -32022 } });
});

test('an accepted notification is 202 and empty', async () => {
  const response = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  expect(response.status).toBe(202);
  expect(await response.text()).toBe('');
});

test('what an unexpected error says stays inside', async () => {
  const engine = createMcpEngine({ url: server.url, version: '0.0.0-test' });
  const logged: unknown[] = [];
  const answer = await engine.serve({
    headers: {
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'probe',
    },
    message: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'probe', arguments: {}, _meta: envelope } },
    tools: registry.tools.map(advertisedTool),
    call: async () => Promise.reject(Object.assign(new Error('password=hunter2'), { code: -32000, data: 'hunter2' })),
    log: { add: () => {}, warn: () => {}, error: (...entry) => void logged.push(entry) },
  });
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code: -32603, message: 'Internal error' } });
  expect(answer.body).not.toContain('hunter2');
  expect(logged).toHaveLength(1);
});

test('a protocol header that no header may be is 400, -32020', async () => {
  const engine = createMcpEngine({ url: server.url, version: '0.0.0-test' });
  for (const value of ['pro\u0000be', 'pro\nbe', 'pr\u043ebe']) {
    const answer = await engine.serve({
      headers: { 'content-type': 'application/json', 'mcp-name': value },
      message: { jsonrpc: '2.0', id: 4, method: 'tools/list' },
      tools: [],
      call: async () => Promise.reject(new Error('not reached')),
      log: { add: () => {}, warn: () => {}, error: () => {} },
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ id: 4, error: { code: -32020 } });
  }
});

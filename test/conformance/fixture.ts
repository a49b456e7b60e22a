import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createMcpEngine, type McpEngine, respond } from '../../functions/adapters/mcp-engine.ts';
import { createPrompts } from '../../functions/core/prompts/registry.ts';
import { createResources } from '../../functions/core/resources/registry.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import { createRegistry } from '../../functions/core/tools/registry.ts';
import type { Handle } from '../../functions/http/endpoint.ts';
import { createMcpRoutes } from '../../functions/mcp/routes.ts';
import { extension } from './fixture-extension.ts';
import { surface } from './fixture-surface.ts';

export type Fixture = { readonly url: string; readonly close: () => Promise<void> };

/**
 * The suite cannot sign in, so it is served by production's router and engine with a gate that stands open: every request
 * is given a token, and every token is believed. Host, origin, method, body limits and the protocol are the real ones; what
 * is offered is what the suite expects to find.
 */
export async function startFixture(): Promise<Fixture> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const handle = routes(issuer);
  server.on('request', (incoming, outgoing) => void answer(handle, incoming, outgoing));
  return {
    url: `${issuer}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The answer under way, beside the one that the router knows: a subscription's has no end, so no text can be made of it. */
const underWay = new AsyncLocalStorage<{ response?: Response }>();

function routes(issuer: string): Handle {
  const settings = { url: `${issuer}/mcp`, version: '0.0.0-conformance', extension };
  const engine: McpEngine = {
    warmUp: createMcpEngine(settings).warmUp,
    serve: async (request) => {
      const response = await respond({ ...request, ...surface }, settings);
      Object.assign(underWay.getStore() ?? {}, { response });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: '' };
    },
  };
  const caller = {
    subject: 'suite',
    clientId: 'suite',
    roles: [],
    scopes: new Set<string>(),
    tenant: undefined,
    tokenId: '1',
  };
  return createMcpRoutes({
    issuer,
    engine,
    defaultScopes: [],
    verify: () => ok({ caller, expires: Number.MAX_SAFE_INTEGER }),
    clock: { seconds: () => Math.floor(Date.now() / 1000), millis: () => Date.now() },
    registry: createRegistry([], []),
    resources: createResources([], []),
    prompts: createPrompts([], []),
    policy: { roles: {} },
    audit: async () => ({ hash: '' }),
    read: async () => refuse({ reason: 'unavailable', retry: false, detail: 'there is none', sqlState: undefined }),
    write: async () => ({ status: 'failed', code: 'tool_failed' }),
    nonce: () => '0'.repeat(32),
  });
}

const silent = { add: () => {}, note: () => {}, operation: () => {}, warn: () => {}, error: () => {} };

async function answer(handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = [value].flat().join(', ');
  // Any token will do; a request without one is a 401 whatever the verifier thinks.
  headers.authorization = 'Bearer suite';
  const request = { path: '/mcp', query: [], rawQuery: '', cookies: {}, requestId: 'conformance' };
  const context = { log: silent, requestId: 'conformance', deadline: Date.now() + 28_000, functionName: 'mcp' };
  const slot: { response?: Response } = {};
  const answered = await underWay.run(slot, () =>
    handle({ ...request, method: incoming.method ?? 'GET', headers, body: Buffer.concat(chunks) }, context),
  );
  outgoing.writeHead(answered.status, answered.headers);
  const body = slot.response?.body;
  if (!body) return void outgoing.end(answered.body ?? '');
  const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  outgoing.once('close', () => stream.destroy());
  stream.on('error', () => outgoing.destroy()).pipe(outgoing);
}

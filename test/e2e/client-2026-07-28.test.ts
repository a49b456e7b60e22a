import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { describe, expect, inject, test } from 'vitest';
import { ClientStorage } from '../support/client-storage.ts';
import { type SignIn, signIn } from '../support/sign-in.ts';

/** @modelcontextprotocol/client 2.x, which speaks revision 2026-07-28 and validates `iss` by itself. */
const stack = inject('stack');
const REVISION = '2026-07-28';

async function connect(options: SignIn): Promise<{ client: Client; storage: ClientStorage }> {
  const storage = new ClientStorage('MCP Inspector', 'http://localhost:6274/oauth/callback');
  const transport = () => new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { authProvider: storage });
  const fresh = () => new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });

  const first = transport();
  await expect(fresh().connect(first)).rejects.toThrow(UnauthorizedError);
  const callback = await signIn(storage.authorizeUrl ?? '', storage.redirectUrl, options);
  expect(storage.expectsState(callback)).toBe(true);
  await first.finishAuth(callback.searchParams);

  const client = fresh();
  await client.connect(transport());
  return { client, storage };
}

describe(`a client of revision ${REVISION}`, () => {
  test('connects, signs in, lists the tools and calls them', async () => {
    const { client } = await connect({ as: 'ada' });
    expect(client.getNegotiatedProtocolVersion()).toBe(REVISION);

    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['read_ticket', 'search_orders', 'whoami']));
    expect(tools.find(({ name }) => name === 'search_orders')?.annotations).toEqual({
      title: expect.any(String),
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: true,
    });

    const whoami = await client.callTool({ name: 'whoami', arguments: {} });
    expect(textOf(whoami)).toContain('north');
    const orders = await client.callTool({ name: 'search_orders', arguments: {} });
    expect(orders.isError).toBeFalsy();
    expect(textOf(orders)).toMatch(/<<<USER_DATA nonce=[0-9a-f]{32} source=[^\s]+ enc=esc1>>>/);
    await client.close();
  });

  test('refreshes by itself when its access token is refused', async () => {
    const { client, storage } = await connect({ as: 'bob' });
    const before = storage.tokens()?.refresh_token;
    storage.spoilAccessToken();
    const orders = await client.callTool({ name: 'search_orders', arguments: {} });
    expect(orders.isError).toBeFalsy();
    expect(storage.tokens()?.refresh_token).not.toBe(before);
    await client.close();
  });

  test('two tenants see their own rows through the same server', async () => {
    const [north, south] = await Promise.all([connect({ as: 'ada' }), connect({ as: 'dan' })]);
    const call = { name: 'search_orders', arguments: { limit: 50 } };
    const [ofNorth, ofSouth] = await Promise.all([north.client.callTool(call), south.client.callTool(call)]);
    const ids = (result: unknown) => new Set(JSON.stringify(result).match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g));
    expect(ids(ofNorth).size).toBeGreaterThan(3);
    expect(ids(ofSouth).size).toBeGreaterThan(3);
    expect([...ids(ofNorth)].filter((id) => ids(ofSouth).has(id))).toEqual([]);
    await Promise.all([north.client.close(), south.client.close()]);
  });
});

function textOf(result: { content?: unknown }): string {
  const content = (result.content ?? []) as { type: string; text?: string }[];
  return content.map(({ text }) => text ?? '').join('\n');
}

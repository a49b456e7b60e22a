import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { describe, expect, inject, test } from 'vitest';
import { ClientStorage } from '../support/client-storage.ts';
import { type SignIn, signIn } from '../support/sign-in.ts';

/** @modelcontextprotocol/client 2.x, which speaks revision 2026-07-28 and validates `iss` by itself. */
const stack = inject('stack');
const REVISION = '2026-07-28';

async function connect(options: SignIn) {
  const storage = new ClientStorage('MCP Inspector', 'http://localhost:6274/oauth/callback');
  const transport = () => new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { authProvider: storage });
  const fresh = () => new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });

  const first = transport();
  await expect(fresh().connect(first)).rejects.toThrow(UnauthorizedError);
  const callback = await signIn(storage.authorizeUrl ?? '', storage.redirectUrl, options);
  expect(storage.expectsState(callback)).toBe(true);
  await first.finishAuth(callback.searchParams);

  const client = fresh();
  const second = transport();
  await client.connect(second);
  return { client, storage, transport: second };
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

  test('finds the resource and the prompt, and gets both as data', async () => {
    const { client } = await connect({ as: 'ada' });
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain('ticket://{number}');
    const ticket = await client.readResource({ uri: 'ticket://T-301' });
    expect(JSON.stringify(ticket.contents)).toContain('<<<USER_DATA nonce=');
    await expect(client.readResource({ uri: 'ticket://T-999999' })).rejects.toMatchObject({ code: -32602 });

    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('summarize_ticket');
    const { messages } = await client.getPrompt({ name: 'summarize_ticket', arguments: { number: 'T-301' } });
    expect(messages).toHaveLength(3);
    expect(JSON.stringify(messages[2])).toContain('source=prompt:summarize_ticket');
    await client.close();
  });

  test('asks for more when a tool needs more, with the registration it has', async () => {
    const { client, storage, transport } = await connect({ as: 'ada' });
    expect(storage.tokens()?.scope).not.toContain('tickets:write');
    const registered = storage.clientInformation()?.client_id;
    const call = { name: 'add_ticket_note', arguments: { ticketId: 'T-301', body: 'Called back.' } };
    await expect(client.callTool(call)).rejects.toThrow(UnauthorizedError);
    const callback = await signIn(storage.authorizeUrl ?? '', storage.redirectUrl, { as: 'ada' });
    await transport.finishAuth(callback.searchParams);
    expect(await client.callTool(call)).not.toHaveProperty('isError', true);
    expect(storage.clientInformation()?.client_id).toBe(registered);
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

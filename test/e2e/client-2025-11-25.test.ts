import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, inject, test } from 'vitest';
import { ClientStorage } from '../support/client-storage.ts';
import { type SignIn, signIn } from '../support/sign-in.ts';

/** @modelcontextprotocol/sdk 1.x: the client most hosts ship today, protocol revisions up to 2025-11-25. */
const stack = inject('stack');

async function connect(options: SignIn): Promise<Client> {
  const storage = new ClientStorage('Claude Code', 'http://localhost:3118/callback');
  const transport = () => new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { authProvider: storage });
  const fresh = () => new Client({ name: 'test', version: '1' });

  const first = transport();
  await expect(fresh().connect(first)).rejects.toThrow(UnauthorizedError);
  const callback = await signIn(storage.authorizeUrl ?? '', storage.redirectUrl, options);
  expect(storage.expectsState(callback)).toBe(true);
  await first.finishAuth(callback.searchParams.get('code') ?? '');

  const client = fresh();
  await client.connect(transport());
  return client;
}

describe('a client of revision 2025-11-25', () => {
  test('connects, signs in, lists the tools and calls them', async () => {
    const client = await connect({ as: 'bob' });
    expect(client.getServerVersion()?.name).toBe('gatehouse');

    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['read_ticket', 'search_orders', 'whoami']));

    const orders = await client.callTool({ name: 'search_orders', arguments: {} });
    expect(orders.isError).toBeFalsy();
    expect(JSON.stringify(orders.content)).toContain('<<<USER_DATA nonce=');
    await client.close();
  });

  test('reads a resource and gets a prompt', async () => {
    const client = await connect({ as: 'bob' });
    const ticket = await client.readResource({ uri: 'ticket://T-301' });
    expect(JSON.stringify(ticket.contents)).toContain('source=resource:support_ticket');
    const { messages } = await client.getPrompt({ name: 'summarize_ticket', arguments: { number: 'T-301' } });
    expect(messages).toHaveLength(3);
    await client.close();
  });

  test('a call beyond the token is refused, and nothing of the tool runs', async () => {
    const client = await connect({ as: 'ada', scopes: ['orders:read'] });
    const call = client.callTool({ name: 'read_ticket', arguments: { ticketId: crypto.randomUUID() } });
    await expect(call).rejects.toThrow(/scope|403|authoriz/i);
    await client.close();
  });
});

import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Copy, copyCheckout, type RunningCopy, startCopy } from '../support/checkout-copy.ts';
import { ClientStorage } from '../support/client-storage.ts';
import { signIn } from '../support/sign-in.ts';

/** Somebody follows functions/tools/README.md to the letter, while the stack of their checkout runs. */
const readme = readFileSync('functions/tools/README.md', 'utf8');
const INDEX = 'functions/tools/index.ts';
const GENEROUS_MS = 120_000;

/** The file that a code block is for is the one named last before it. */
function fileOfBlock(name: string): { readonly path: string; readonly code: string } {
  const path = `functions/tools/${name}.ts`;
  const code = readme.slice(readme.indexOf(path)).match(/```ts\n([\s\S]*?)```/)?.[1];
  if (code === undefined) throw new Error(`functions/tools/README.md has no code for ${path}`);
  return { path, code };
}

const added = [fileOfBlock('list-late-orders'), fileOfBlock('escalate-ticket')];
const imports = [
  "import escalateTicket from './escalate-ticket.ts';",
  "import listLateOrders from './list-late-orders.ts';",
];

let copy: Copy;
let stack: RunningCopy;
let client: Client;

beforeAll(async () => {
  copy = copyCheckout();
  stack = await startCopy(copy);
  client = await connect();
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
  copy?.remove();
});

async function connect(): Promise<Client> {
  const storage = new ClientStorage('MCP Inspector', 'http://localhost:6274/oauth/callback');
  // Registered here and without a scope: the SDK would name those of the challenge, and then may have no others.
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(storage.clientMetadata);
  const registered = await fetch(`${stack.issuer}/register`, { method: 'POST', headers, body });
  storage.saveClientInformation((await registered.json()) as { client_id: string });
  const transport = () => new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { authProvider: storage });
  const first = transport();
  await expect(new Client({ name: 'stranger', version: '1' }).connect(first)).rejects.toThrow();
  const url = new URL(storage.authorizeUrl ?? '');
  url.searchParams.set('scope', 'orders:read tickets:read tickets:write');
  await first.finishAuth((await signIn(url, storage.redirectUrl, { as: 'ada' })).searchParams);
  const connected = new Client({ name: 'stranger', version: '1' });
  await connected.connect(transport());
  return connected;
}

const names = async () => (await client.listTools()).tools.map(({ name }) => name);
const poll = { timeout: GENEROUS_MS, interval: 200 };

describe('somebody who follows the README', () => {
  test('writes a tool that reads and one that writes in under forty lines, the list included', () => {
    const lines = [...added.flatMap(({ code }) => code.trim().split('\n')), ...imports, 'the list'];
    expect(lines.length).toBeLessThan(40);
  });

  test(
    'calls both with the token from before, without a restart',
    async () => {
      expect(await names()).not.toContain('list_late_orders');
      for (const { path, code } of added) copy.write(path, code);
      copy.edit(INDEX, 'import whoami', `${imports.join('\n')}\nimport whoami`);
      copy.edit(INDEX, 'readonly Tool[] = [', 'readonly Tool[] = [listLateOrders, escalateTicket, ');
      await expect.poll(names, poll).toEqual(expect.arrayContaining(['list_late_orders', 'escalate_ticket']));

      const late = await client.callTool({ name: 'list_late_orders', arguments: { days: 1 } });
      expect(late.isError).toBeFalsy();
      const noted = await client.callTool({
        name: 'escalate_ticket',
        arguments: { number: 'T-301', reason: 'asked three times' },
      });
      expect(noted.isError).toBeFalsy();
      const ticket = await client.callTool({ name: 'read_ticket', arguments: { ticketId: 'T-301' } });
      expect(JSON.stringify(ticket.content)).toContain('Escalated: asked three times');
      expect(stack.said()).toMatch(/reloaded (?:mcp, mcp-write|mcp-write, mcp) in \d+\.\d s/);
      expect(stack.said()).toContain('Not as in functions/tools/tools.lock: escalate_ticket, list_late_orders.');
    },
    2 * GENEROUS_MS,
  );

  test(
    'is told of a mistake with its line, and what ran before goes on',
    async () => {
      const { path, code } = fileOfBlock('list-late-orders');
      const broken = code.split('\n').findIndex((line) => line.includes("access: 'read',")) + 1;
      copy.edit(path, "access: 'read',", "access: 'read',,");
      await stack.says(new RegExp(`functions/tools/list-late-orders\\.ts:${broken}: .+\\n.*What ran before goes on`));
      copy.edit(path, "access: 'read',,", '');
      await stack.says(/list-late-orders\.ts: access is missing\. Write access: 'read'/);
      expect((await client.callTool({ name: 'list_late_orders', arguments: {} })).isError).toBeFalsy();

      copy.write(path, code.replace("title: 'List late orders'", "title: 'Late orders'"));
      const titles = async () => (await client.listTools()).tools.map(({ title }) => title);
      await expect.poll(titles, poll).toContain('Late orders');
    },
    2 * GENEROUS_MS,
  );

  test('locks what they wrote, and the check is content', () => {
    expect(copy.gatehouse('check')).toMatchObject({ code: 1, out: expect.stringContaining('tools.lock') });
    expect(copy.gatehouse('tools', 'lock').code).toBe(0);
    expect(copy.gatehouse('check')).toEqual({ code: 0, out: '' });
  });

  test(
    'changes a setting, and the stack starts again with the sign-in as it was',
    async () => {
      copy.edit('cdk.json', '"sampleData": true', '"sampleData": true, "logRetentionDays": 30');
      await stack.says(/cdk\.json: starting again, with all data[\s\S]+MCP server/);
      await expect.poll(() => names().catch(() => []), poll).toContain('escalate_ticket');
    },
    2 * GENEROUS_MS,
  );
});

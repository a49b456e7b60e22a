import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { decodeJwt } from 'jose';
import { expect, inject, test } from 'vitest';
import { ClientStorage } from '../support/client-storage.ts';
import { signIn } from '../support/sign-in.ts';

/** The least that a stack can do, and therefore asked of every one, deployed or not: no tool with rows is needed. */
const stack = inject('stack');
const run = promisify(execFile);

test('somebody signs in, calls a tool, refreshes, calls again, and the log has both calls', async () => {
  // A name of its own makes a client of its own: other tests sign the same people in at the same stack.
  const storage = new ClientStorage(`Recorded ${randomUUID()}`, 'http://localhost:6274/oauth/callback');
  const transport = () => new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { authProvider: storage });
  const fresh = () => new Client({ name: 'test', version: '1' });
  const first = transport();
  await expect(fresh().connect(first)).rejects.toThrow(UnauthorizedError);
  const callback = await signIn(storage.authorizeUrl ?? '', storage.redirectUrl, { as: 'ada' });
  await first.finishAuth(callback.searchParams);

  const client = fresh();
  await client.connect(transport());
  const { sub: subject } = decodeJwt(storage.tokens().access_token);
  const whoami = async () => JSON.stringify(await client.callTool({ name: 'whoami', arguments: {} }));
  expect(await whoami()).toContain(`"${subject}","north",["editor"]`);

  const before = storage.tokens()?.refresh_token;
  storage.spoilAccessToken();
  expect(await whoami()).toContain(`"${subject}","north",["editor"]`);
  expect(storage.tokens()?.refresh_token).not.toBe(before);
  await client.close();

  const { client_id: clientId } = storage.clientInformation();
  const call = { subject, clientId, tool: 'whoami', decision: 'allowed' };
  const rows = await auditRowsOf(String(subject), clientId);
  expect(rows).toEqual([expect.objectContaining(call), expect.objectContaining(call)]);
});

/** What the operator's command reads back. */
async function auditRowsOf(subject: string, clientId: string): Promise<readonly unknown[]> {
  const where = stack.outputs === undefined ? [] : ['--outputs', stack.outputs];
  const { stdout } = await run(
    process.execPath,
    [
      'infra/cli/gatehouse.mjs',
      'audit',
      'query',
      '--json',
      '--user',
      subject,
      '--client',
      clientId,
      '--tool',
      'whoami',
      ...where,
    ],
    { env: { ...process.env, ...(stack.stateDirectory && { GATEHOUSE_STATE: stack.stateDirectory }) } },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

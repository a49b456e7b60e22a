import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modernMessage, postMcp, postRaw, type Sent } from '../support/mcp-wire.ts';
import { invokeAs } from './support/m-gateway-event.ts';
import { type McpCloud, startMcpCloud } from './support/m-mcp-cloud.ts';

/**
 * API Gateway is reported to rename a function's WWW-Authenticate, and the local one does so too. What a client gets is
 * therefore compared with what the function itself answers to the same request.
 */
let here: McpCloud;
beforeAll(async () => {
  // So that /register answers with a challenge too.
  here = await startMcpCloud({ settings: { registration: { dcr: 'token', vetted: ['claude'] } } });
});
afterAll(() => here?.close());

const whoami = () => modernMessage('tools/call', { name: 'whoami', arguments: {} });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('B31 the challenge at the public address', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic YTpi' };
  const json = { 'content-type': 'application/json' };
  const write = modernMessage('tools/call', { name: 'add_ticket_note', arguments: { ticketId: 'x', body: 'x' } });
  const cases: readonly [string, string, string, () => Promise<Sent>][] = [
    ['/mcp without a token', 'mcp', '/mcp', async () => whoami()],
    [
      '/mcp with a bad one',
      'mcp',
      '/mcp',
      async () => ({ ...whoami(), headers: { ...whoami().headers, ...bearer('x') } }),
    ],
    [
      '/mcp with too little scope',
      'mcp',
      '/mcp',
      async () => ({ ...write, headers: { ...write.headers, ...bearer(await here.mint({ scope: 'orders:read' })) } }),
    ],
    [
      '/token with a Basic header',
      'token',
      '/token',
      async () => ({ headers: form, body: 'grant_type=refresh_token&refresh_token=a.b.c' }),
    ],
    ['/revoke with a Basic header', 'token', '/revoke', async () => ({ headers: form, body: 'token=x' })],
    ['/register without an invitation', 'register', '/register', async () => ({ headers: json, body: '{}' })],
    [
      '/register with a bad one',
      'register',
      '/register',
      async () => ({ headers: { ...json, ...bearer('x') }, body: '{}' }),
    ],
  ];
  test.each(cases)('B31 of %s stands there once, as the function wrote it', async (_, name, path, send) => {
    const sent = await send();
    const inner = await invokeAs(here.cloud, name, { path, ...sent });
    const written = inner.headers['x-gatehouse-challenge'];
    expect(written).toBeTruthy();
    const { status, headers } = await postRaw(`${here.cloud.issuer}${path}`, sent);
    expect(status).toBe(inner.statusCode);
    expect(headers.filter(([header]) => header === 'www-authenticate')).toEqual([['www-authenticate', written]]);
    expect(headers.map(([header]) => header)).not.toContain('x-gatehouse-challenge');
  });

  test('B31 an answer without a challenge has no empty one', async () => {
    const answers = [
      postMcp(here.cloud.mcpUrl, whoami(), await here.mint(), { origin: 'https://evil.example' }),
      postMcp(`${here.cloud.issuer}/token`, { headers: { ...form, authorization: '' }, body: 'grant_type=password' }),
    ];
    for (const { status, headers } of await Promise.all(answers)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect([...headers.keys()].filter((name) => name.includes('authenticate'))).toEqual([]);
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initializeMessage, legacyMessage, modernMessage, postMcp, type Sent, textOf } from '../support/mcp-wire.ts';
import { invokeAs } from './support/m-gateway-event.ts';
import { type McpCloud, requestIdOf, startMcpCloud } from './support/m-mcp-cloud.ts';

/** The gate of /mcp in its order: where a request comes from, whose token it carries, then its method, then its body. */
let here: McpCloud;
let good: string;
beforeAll(async () => {
  here = await startMcpCloud();
  good = await here.mint();
});
afterAll(() => here?.close());

const whoami = () => modernMessage('tools/call', { name: 'whoami', arguments: {} });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const metadataUrl = () => `${here.cloud.issuer}/.well-known/oauth-protected-resource/mcp`;

describe('a request without a token', () => {
  test.each(['none', '', 'Basic YTpi', 'Bearertoken', 'DPoP abc'])(
    'B2 with the Authorization header %j is told where to sign in and what to ask for, and no error',
    async (authorization) => {
      const sent = authorization === 'none' ? {} : { authorization };
      const answer = await postMcp(here.cloud.mcpUrl, whoami(), undefined, sent);
      expect(answer.status).toBe(401);
      const expected = `Bearer resource_metadata="${metadataUrl()}", scope="orders:read tickets:read"`;
      expect(answer.headers.get('www-authenticate')).toBe(expected);
      expect(await here.recorded(requestIdOf(answer))).toEqual([]);
    },
  );

  test.each(['GET', 'DELETE', 'PUT', 'PATCH', 'HEAD'])('B2 by %s is a 401 too, and a 405 with one', async (method) => {
    const anonymous = await fetch(here.cloud.mcpUrl, { method });
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(metadataUrl()),
    ]);
    const known = await fetch(here.cloud.mcpUrl, { method, headers: bearer(good) });
    expect([known.status, known.headers.get('allow')]).toEqual([405, 'POST']);
    expect(known.headers.has('www-authenticate')).toBe(false);
  });

  test.each(['Bearer', 'Bearer ', 'two', 'rest'])(
    'B2 whose Authorization header is no one token (%s) is 401',
    async (kind) => {
      const written: Record<string, string> = { two: `Bearer ${good}, Bearer ${good}`, rest: `Bearer ${good} x` };
      const { status, requestId } = await here.callWith(written[kind] ?? kind, 'whoami', {});
      expect([status, await here.recorded(requestId)]).toEqual([401, []]);
    },
  );

  test.each(['bearer', 'BEARER', 'bEaReR'])('B4 POSITIVE the scheme may be written %s', async (scheme) => {
    expect((await here.callWith(`${scheme} ${good}`, 'whoami', {})).status).toBe(200);
  });

  test('B5 a token in the address, in a form, in a cookie or in the message is not looked at, and not logged', async () => {
    const token = await here.mint();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const message = modernMessage('tools/call', { name: 'whoami', arguments: {}, access_token: token });
    const attempts = [
      postMcp(`${here.cloud.mcpUrl}?access_token=${token}`, whoami()),
      postMcp(here.cloud.mcpUrl, { headers: form, body: `access_token=${token}` }),
      postMcp(here.cloud.mcpUrl, whoami(), undefined, { cookie: `access_token=${token}` }),
      postMcp(here.cloud.mcpUrl, message),
      postMcp(here.cloud.mcpUrl, whoami(), undefined, { 'x-amz-security-token': token, 'x-access-token': token }),
    ];
    for (const answer of await Promise.all(attempts)) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).not.toContain('error');
      expect(await here.recorded(requestIdOf(answer))).toEqual([]);
    }
    expect(here.lines.join('\n')).not.toContain(token);
  });
});

describe('a good token', () => {
  test('B19 without the scopes of a call gets one 403 that names them all, and nothing runs', async () => {
    const before = await here.notes();
    const token = await here.mint({ scope: 'orders:read' });
    const answer = await here.call(token, 'add_ticket_note', { ticketId: 'T-301', body: 'x' });
    expect(answer.status).toBe(403);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('error="insufficient_scope", scope="tickets:write orders:read"');
    expect(challenge).toContain(`resource_metadata="${metadataUrl()}"`);
    expect(JSON.parse(answer.text)).toMatchObject({ error: 'insufficient_scope', scope: 'tickets:write orders:read' });
    expect(await here.recorded(answer.requestId)).toMatchObject([
      { k: 'add_ticket_note', x: 'denied', r: 'insufficient-scope' },
    ]);
    expect(await here.notes()).toEqual(before);
  });

  test('B26 with session ids of other traffic is served as itself', async () => {
    const answer = await postMcp(here.cloud.mcpUrl, whoami(), await here.mint({ sub: 'dan', tenant: 'south' }), {
      'mcp-session-id': 'session-of-ada',
      'last-event-id': '1',
    });
    expect(textOf(answer)).toContain('"dan"');
    expect(textOf(answer)).not.toContain('ada');
    expect(answer.headers.has('mcp-session-id')).toBe(false);
  });
});

describe('where a request comes from', () => {
  test.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'https://localhost:6274', 'file://'])(
    'B27 a page of %s gets a 403 it cannot read, and the token of the visitor runs nothing',
    async (origin) => {
      const answer = await postMcp(here.cloud.mcpUrl, whoami(), good, { origin });
      expect(answer.status).toBe(403);
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
      expect(answer.headers.has('www-authenticate')).toBe(false);
      expect(await here.recorded(requestIdOf(answer))).toEqual([]);
    },
  );

  test('B27 another Host is refused by the function itself, whatever stands before it', async () => {
    for (const host of ['evil.example', '169.254.169.254', `${new URL(here.cloud.issuer).host}.evil.example`]) {
      const { headers, body } = whoami();
      const answer = await invokeAs(here.cloud, 'mcp', { headers: { ...headers, ...bearer(good), host }, body });
      expect(answer.statusCode).toBe(403);
    }
  });
});

describe('the body', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const raw = (body: string, headers: Record<string, string> = {}): Sent => ({
    headers: { ...legacyMessage('tools/list').headers, ...headers },
    body,
  });

  test('B30 initialize needs a token like every other message', async () => {
    const answer = await postMcp(here.cloud.mcpUrl, initializeMessage());
    expect(answer.status).toBe(401);
    expect((await postMcp(here.cloud.mcpUrl, initializeMessage(), good)).status).toBe(200);
  });

  test.each<readonly [string, string, number, number]>([
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400, -32600],
    ['a batch with initialize first', '[{"jsonrpc":"2.0","id":1,"method":"initialize"}]', 400, -32600],
    ['an empty batch', '[]', 400, -32600],
    ['no JSON', '{', 400, -32700],
    ['nothing', '', 400, -32700],
    ['a lone string', '"tools/list"', 400, -32600],
    ['null', 'null', 400, -32600],
    ['33 levels', `{"a":${nested(32)}}`, 400, -32600],
    ['a hundred thousand levels', '['.repeat(100_000), 400, -32600],
    ['JSON and more JSON', '{} {}', 400, -32700],
  ])('B30 %s is refused with a good token, and is a 401 without', async (_, body, status, code) => {
    const answer = await postMcp(here.cloud.mcpUrl, raw(body), good);
    expect([answer.status, answer.message]).toMatchObject([status, { jsonrpc: '2.0', id: null, error: { code } }]);
    expect(await here.recorded(requestIdOf(answer))).toEqual([]);
    // Without a token nobody looks at the bytes, so nothing about them is told.
    expect((await postMcp(here.cloud.mcpUrl, raw(body))).status).toBe(401);
  });

  test('B30 32 levels pass, and so does a message of almost 256 KiB; one byte too many is 413', async () => {
    const call = (input: string) => {
      const { headers, body } = whoami();
      return { headers, body: body.replace('"arguments":{}', `"arguments":${input}`) };
    };
    const deepest = await postMcp(here.cloud.mcpUrl, call(`{"a":${nested(29)}}`), good);
    expect(textOf(deepest)).toContain('do not fit the input schema');
    const room = 256 * 1024 - Buffer.byteLength(call('{"a":""}').body);
    const longest = await postMcp(here.cloud.mcpUrl, call(`{"a":"${'x'.repeat(room - 2)}"}`), good);
    expect(textOf(longest)).toContain('do not fit the input schema');
    const tooLong = await postMcp(here.cloud.mcpUrl, call(`{"a":"${'x'.repeat(room + 2)}"}`), good);
    expect(tooLong.status).toBe(413);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])(
    'B30 a message sent as %s, as a page may without asking, is 415',
    async (type) => {
      expect((await postMcp(here.cloud.mcpUrl, raw('{}', { 'content-type': type }), good)).status).toBe(415);
    },
  );

  test('B30 a tool that is named twice is judged and run as the same one', async () => {
    const before = await here.notes();
    const token = await here.mint({ scope: 'orders:read' });
    const named = (first: string, second: string) => {
      const input = '"arguments":{}';
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${first}","name":"${second}",${input}}}`;
      return postMcp(here.cloud.mcpUrl, raw(body), token);
    };
    expect((await named('whoami', 'add_ticket_note')).status).toBe(403);
    const allowed = await named('add_ticket_note', 'whoami');
    expect(await here.recorded(requestIdOf(allowed))).toMatchObject([{ k: 'whoami', x: 'allowed' }]);
    expect(await here.notes()).toEqual(before);
  });

  test('B30 a header that names another tool than the body is refused, and nothing runs', async () => {
    const { headers, body } = modernMessage('tools/call', { name: 'search_orders', arguments: {} });
    const answer = await postMcp(here.cloud.mcpUrl, { headers: { ...headers, 'mcp-name': 'whoami' }, body }, good);
    expect([answer.status, answer.message.error?.code]).toEqual([400, -32020]);
    expect(await here.recorded(requestIdOf(answer))).toEqual([]);
  });
});

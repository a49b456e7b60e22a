import { expect, test } from 'vitest';
import { aCall, aMessage, aRequest, aStack, headers, probe, resultOf, textOf } from '../core/tools/fixture/stack.ts';
import { ISSUER, token } from '../core/tools/fixture/tokens.ts';

const METADATA = `${ISSUER}/.well-known/oauth-protected-resource/mcp`;

test('without a good token every method and every body is a 401, so that no client mistakes the server for a broken one', async () => {
  for (const method of ['GET', 'DELETE', 'PUT', 'POST', 'OPTIONS']) {
    for (const body of ['', '{', '[]', '['.repeat(100_000), 'x'.repeat(300_000)]) {
      const response = await aStack().send({ method, body: Buffer.from(body) });
      expect(response.status).toBe(401);
      expect(response.headers?.['www-authenticate']).toContain(METADATA);
    }
  }
});

test('with a good token only POST is served', async () => {
  for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS']) {
    const response = await aStack().send({ method, headers: headers({ authorization: `Bearer ${token()}` }) });
    expect(response).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  }
});

test.each([
  ['B30 a batch', '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400, -32600],
  ['an empty batch', '[]', 400, -32600],
  ['no JSON', '{', 400, -32700],
  ['nothing', '', 400, -32700],
  ['a lone string', '"tools/list"', 400, -32600],
  ['null', 'null', 400, -32600],
  ['33 levels', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 400, -32600],
  ['100,000 levels', '['.repeat(100_000), 400, -32600],
  ['more than 256 KiB', `{"a":"${'x'.repeat(262_144)}"}`, 413, -32600],
])('%s is refused', async (_name, body, status, code) => {
  const stack = aStack();
  const response = await stack.send({
    headers: headers({ authorization: `Bearer ${token()}` }),
    body: Buffer.from(body),
  });
  expect(response.status).toBe(status);
  expect(JSON.parse(response.body ?? '')).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } });
  expect(stack.audit).toEqual([]);
});

test('a body that is not UTF-8 is no JSON', async () => {
  const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  const response = await aStack().send({ headers: headers({ authorization: `Bearer ${token()}` }), body });
  expect(response.status).toBe(400);
});

test('brackets inside strings are not levels', async () => {
  const stack = aStack();
  const response = await stack.send(aCall('probe', { text: '[[{{"\\\\"' }, token()));
  expect(response.status).toBe(200);
  const long = await stack.send(aMessage('tools/list', { cursor: '['.repeat(500) }, token()));
  expect(long.status).toBe(200);
});

test('only JSON is JSON', async () => {
  for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json']) {
    const response = await aStack().send({
      headers: headers({ authorization: `Bearer ${token()}`, 'content-type': type }),
      body: Buffer.from('{}'),
    });
    expect(response.status).toBe(415);
  }
  const { headers: sent, body } = aCall('probe', {}, token());
  const response = await aStack().send({
    headers: { ...sent, 'content-type': 'application/json; charset=utf-8' },
    body,
  });
  expect(response.status).toBe(200);
});

test('B19 a call beyond the token is one 403 with one complete challenge, recorded, and nothing runs', async () => {
  const stack = aStack();
  const response = await stack.send(aCall('add_ticket_note', { ticketId: 'x', body: 'y' }, token()));
  expect(response.status).toBe(403);
  const challenge = response.headers?.['www-authenticate'] ?? '';
  expect(challenge).toBe(
    `Bearer error="insufficient_scope", scope="tickets:write orders:read tickets:read", resource_metadata="${METADATA}", ` +
      'error_description="This call also needs tickets:write. Sign in again and allow it."',
  );
  expect(response.headers?.['x-gatehouse-challenge']).toBe(challenge);
  expect(JSON.parse(response.body ?? '')).toMatchObject({
    error: 'insufficient_scope',
    scope: 'tickets:write orders:read tickets:read',
    resource_metadata: METADATA,
  });
  expect(stack.writes).toEqual([]);
  expect(stack.audit).toMatchObject([
    { phase: 'call', decision: 'denied', reason: 'insufficient-scope', tool: 'add_ticket_note', subject: 'ada' },
  ]);
});

test('B19 the challenge repeats of the token only what the roles still allow', async () => {
  const bearer = token({ scope: 'offline_access orders:read', roles: ['reader'] });
  const response = await aStack().send(aCall('read_ticket', {}, bearer));
  expect(response.headers?.['www-authenticate']).toContain('scope="tickets:read orders:read"');
});

test('B19 a broader scope that the settings declare to include the narrower one passes', async () => {
  const policy = { roles: { editor: ['orders:admin'] }, implies: { 'orders:admin': ['orders:read'] } };
  const stack = aStack({ policy });
  expect((await stack.send(aCall('probe', {}, token({ scope: 'orders:admin' })))).status).toBe(200);
  expect(stack.audit).toMatchObject([{ decision: 'allowed' }]);
});

test('a refusal that cannot be recorded is a 503, not a 403', async () => {
  const response = await aStack({ auditFails: true }).send(aCall('add_ticket_note', {}, token()));
  expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
});

test('a call beyond the roles says that no consent would help, and is recorded', async () => {
  const stack = aStack();
  const response = await stack.send(aCall('add_ticket_note', {}, token({ roles: ['reader'], scope: 'tickets:write' })));
  expect(resultOf(response)).toMatchObject({ isError: true });
  expect(textOf(response)).toContain('Signing in again or consenting to more would not help');
  expect(stack.audit).toMatchObject([{ decision: 'denied', reason: 'beyond-roles' }]);
  expect(stack.writes).toEqual([]);
});

test('no role, no access: not even to a tool without scopes', async () => {
  for (const roles of [[], ['stranger'], ['constructor'], ['__proto__']]) {
    const stack = aStack();
    expect(resultOf(await stack.send(aCall('whoami', {}, token({ roles }))))).toMatchObject({ isError: true });
    expect(resultOf(await stack.send(aMessage('tools/list', {}, token({ roles }))))).toMatchObject({ tools: [] });
  }
});

test('B26 sessions do not exist: ids of other traffic change nothing', async () => {
  const { headers: sent, body } = aCall('whoami', {}, token({ sub: 'bob' }));
  const response = await aStack().send({
    headers: { ...sent, 'mcp-session-id': 'session-of-ada', 'last-event-id': '1' },
    body,
  });
  expect(response.headers?.['mcp-session-id']).toBeUndefined();
  expect(textOf(response)).toContain('"bob"');
  expect(textOf(response)).not.toContain('ada');
});

test('B26 two callers interleaved in one environment never see each other', async () => {
  const stack = aStack();
  const subjects = Array.from({ length: 40 }, (_, index) => `person-${index}`);
  const bearers = subjects.map((sub) => token({ sub, jti: sub }));
  const answers = await Promise.all(bearers.map((bearer) => stack.send(aCall('whoami', {}, bearer))));
  for (const [index, answer] of answers.entries()) {
    expect(textOf(answer)).toContain(`"${subjects[index]}"`);
    expect(textOf(answer).match(/person-\d+/g)).toEqual([subjects[index]]);
  }
});

test('B28 neither the protocol engine nor a tool is given the token', async () => {
  const stack = aStack();
  const bearer = token();
  let seen: unknown;
  probe.run = async (input, signal) => {
    seen = { input, signal };
    return { text: 'fine' };
  };
  const response = await stack.send(aCall('probe', {}, bearer));
  expect(response.status).toBe(200);
  expect(JSON.stringify([seen, stack.audit, stack.logged, response])).not.toContain(bearer);
});

test('what a caller is called, and what was asked, is on the log line; names nobody defined are not', async () => {
  const stack = aStack();
  await stack.send(aCall('probe', {}, token()));
  expect(stack.logged).toContainEqual(['add', { client_id: 'client-1', subject: 'ada', jti: 'jti-1' }, undefined]);
  expect(stack.logged).toContainEqual(['operation', 'tools/call probe', undefined]);
  await stack.send(aCall('drop\u2028table', {}, token()));
  expect(stack.logged).toContainEqual(['operation', 'tools/call (unknown tool)', undefined]);
});

test('an engine that does not work answers nobody', async () => {
  const engine = {
    serve: async () => ({ status: 200, headers: {}, body: 'x' }),
    warmUp: async () => Promise.reject(new Error('broken')),
  };
  const stack = aStack({ engine });
  await expect(stack.send(aCall('probe', {}, token()))).rejects.toThrow('broken');
  expect((await stack.send(aRequest())).status).toBe(401);
});

import { expect, test } from 'vitest';
import { createOriginGate } from '../../functions/http/origin.ts';
import { aCall, aRequest, aStack, headers, probe } from '../core/tools/fixture/stack.ts';
import { token } from '../core/tools/fixture/tokens.ts';

const deployed = createOriginGate('https://mcp.example.com', ['https://app.example.com']);
const local = createOriginGate('http://localhost:3000');

function asked(host: string | undefined, origin?: string) {
  return { ...aRequest(), headers: headers({ host, origin }) };
}

test.each(['mcp.example.com', 'MCP.example.com', 'mcp.example.com:443'])("the issuer's own host passes: %s", (host) => {
  expect(deployed.check(asked(host)).ok).toBe(true);
});

test.each([
  undefined,
  '',
  'evil.example',
  'mcp.example.com.evil.example',
  'mcp.example.com:8443',
  'a@mcp.example.com',
  'mcp.example.com/x',
  'mcp.example.com?x',
  '169.254.169.254',
  'localhost',
])('any other host is refused: %s', (host) => {
  expect(deployed.check(asked(host))).toMatchObject({ error: { reason: 'foreign-host' } });
});

test("on loopback every name of loopback passes, with the issuer's port only", () => {
  for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000']) expect(local.check(asked(host)).ok).toBe(true);
  for (const host of ['localhost', 'localhost:3001', 'localhost.evil.example:3000', '127.0.0.2:3000']) {
    expect(local.check(asked(host)).ok).toBe(false);
  }
});

test('B27 a page may call only from an origin that is named exactly', () => {
  expect(deployed.check(asked('mcp.example.com', 'https://app.example.com')).ok).toBe(true);
  for (const origin of [
    'null',
    '',
    'https://app.example.com:8443',
    'http://app.example.com',
    'https://app.example.com.evil.example',
    'https://evil.example',
    'https://mcp.example.com',
    'http://localhost:6274',
    'https://app.example.com/',
  ]) {
    expect(deployed.check(asked('mcp.example.com', origin))).toMatchObject({ error: { reason: 'foreign-origin' } });
  }
});

test('a local server may be called from loopback pages, such as the Inspector, and from no other', () => {
  for (const origin of ['http://localhost:6274', 'http://127.0.0.1:1', 'http://[::1]:80000'.replace('80000', '8080')]) {
    expect(local.check(asked('localhost:3000', origin)).ok).toBe(true);
  }
  for (const origin of ['https://localhost:6274', 'http://localhost.evil.example', 'http://127.0.0.1.nip.io', 'null']) {
    expect(local.check(asked('localhost:3000', origin)).ok).toBe(false);
  }
});

test('B27 a foreign page gets a 403 it cannot read, and a good token of the visitor runs nothing', async () => {
  const stack = aStack();
  const runs = probe.runs;
  const { headers: sent, body } = aCall('probe', {}, token());
  const response = await stack.send({ headers: { ...sent, origin: 'https://evil.example' }, body });
  expect(response.status).toBe(403);
  expect(response.headers?.['access-control-allow-origin']).toBeUndefined();
  expect(response.headers?.['www-authenticate']).toBeUndefined();
  expect(probe.runs).toBe(runs);
  expect(stack.audit).toEqual([]);
});

test('a preflight is answered without a token, for allowed origins only, and names what is needed', async () => {
  const stack = aStack();
  const ask = {
    origin: 'http://localhost:6274',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, mcp-method, Mcp-Param-Region, x-evil',
  };
  const response = await stack.send({ method: 'OPTIONS', headers: headers(ask) });
  expect(response.status).toBe(204);
  expect(response.headers).toMatchObject({
    'access-control-allow-origin': 'http://localhost:6274',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'authorization, content-type, accept, last-event-id, mcp-method, mcp-param-region',
    vary: 'origin',
  });
  expect(response.headers?.['access-control-allow-credentials']).toBeUndefined();
  const foreign = await stack.send({ method: 'OPTIONS', headers: headers({ ...ask, origin: 'https://evil.example' }) });
  expect(foreign.status).toBe(403);
});

test('an allowed page can read the challenge and the answer', async () => {
  const stack = aStack();
  const origin = 'http://localhost:6274';
  const anonymous = await stack.send({ headers: headers({ origin }) });
  const { headers: sent, body } = aCall('whoami', {}, token());
  for (const response of [anonymous, await stack.send({ headers: { ...sent, origin }, body })]) {
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'www-authenticate, retry-after, mcp-protocol-version',
    });
  }
  expect(anonymous.status).toBe(401);
});

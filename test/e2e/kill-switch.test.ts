import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../infra/local/cloud.ts';
import { emfLines } from '../support/emf.ts';
import { freeTriple } from '../support/free-ports.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';
import { type SignedIn, signedIn } from '../support/signed-in.ts';

/**
 * One stack through the hands of an operator: on, off, and on again. A restart on the same data with another value of the
 * parameter stands for CloudFormation's update, which gives the functions another environment and changes nothing else.
 */
let directory: string;
let ports: Parameters<typeof startCloud>[0]['ports'];
let cloud: Cloud;
let ada: SignedIn;
let lines: string[] = [];

async function run(Serving: 'on' | 'off'): Promise<Cloud> {
  lines = [];
  const onLog = (_: string, line: string) => void lines.push(line);
  return await startCloud({ checkout: process.cwd(), directory, ports, onLog, parameters: { Serving } });
}

async function turn(Serving: 'on' | 'off'): Promise<void> {
  await cloud.close();
  cloud = await run(Serving);
  cloud.endpoint.resetCounts();
}

const whoami = () =>
  postMcp(cloud.mcpUrl, modernMessage('tools/call', { name: 'whoami', arguments: {} }), ada.accessToken);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-switch-'));
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(directory, 0o755);
  const gateway = await freeTriple();
  ports = { gateway, identity: gateway + 1, aws: gateway + 2 };
  cloud = await run('on');
  const client = { name: 'VS Code', redirectUri: 'http://127.0.0.1:33418/' };
  ada = await signedIn(cloud.issuer, { as: 'ada', client, scope: 'orders:read tickets:write' });
});
afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a stack that nobody switched off serves', async () => {
  expect((await whoami()).status).toBe(200);
});

describe('a stack that is switched off', () => {
  beforeAll(() => turn('off'));

  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
  const authorization = () => ({ authorization: `Bearer ${ada.accessToken}` });
  const requests: readonly (readonly [method: string, path: string, init: () => RequestInit])[] = [
    [
      'POST',
      '/mcp',
      () => ({
        ...modernMessage('tools/list'),
        headers: { ...modernMessage('tools/list').headers, ...authorization() },
      }),
    ],
    ['POST', '/mcp', () => modernMessage('tools/list')],
    ['GET', '/mcp', () => ({})],
    [
      'OPTIONS',
      '/mcp',
      () => ({ headers: { origin: 'http://localhost:6274', 'access-control-request-method': 'POST' } }),
    ],
    ['POST', '/token', () => ({ headers: FORM, body: 'grant_type=authorization_code&client_id=x&code=x.y.z' })],
    ['POST', '/token', () => ({ headers: FORM, body: 'x'.repeat(100_000) })],
    ['POST', '/revoke', () => ({ headers: FORM, body: 'token=x&client_id=x' })],
    ['POST', '/register', () => ({ headers: { 'content-type': 'application/json' }, body: '{}' })],
    ['GET', '/authorize?client_id=x', () => ({})],
    ['POST', '/consent', () => ({ headers: FORM, body: 'decision=approve' })],
    ['GET', '/callback?code=x&state=y', () => ({})],
  ];

  test('answers everything with the same 503, says when to come again and nothing else, and calls nothing of AWS', async () => {
    for (const [method, path, init] of requests) {
      const answer = await fetch(`${cloud.issuer}${path}`, { method, redirect: 'manual', ...init() });
      expect([method, path, answer.status]).toEqual([method, path, 503]);
      expect(await answer.text()).toBe('{"error":"temporarily_unavailable"}');
      expect(answer.headers.get('retry-after')).toBe('300');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(cloud.endpoint.counts()).toEqual({});
  });

  test('leaves a line for each in the log, that says why, and counts none of them', async () => {
    const logged = () => lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'request');
    await expect.poll(() => logged().length).toBe(requests.length);
    for (const line of logged()) expect(line).toMatchObject({ status: 503, reason: 'switched-off' });
    expect(emfLines(lines)).toEqual([]);
  });

  test('makes no change for whoever may invoke the write function', async () => {
    const name = cloud.assembly
      .ofType('AWS::Lambda::Function')
      .find(({ properties }) => JSON.stringify(properties).includes('"POWERTOOLS_SERVICE_NAME":"mcp-write"'));
    if (name === undefined) throw new Error('there is no mcp-write');
    const args = { ticketId: 'T-1001', body: 'while it was off' };
    const event = { token: ada.accessToken, tool: 'add_ticket_note', arguments: args, requestId: 'r-1' };
    const { payload } = await cloud.invoke(cloud.resolver.arn(name), event);
    expect(payload).toEqual({ status: 'failed', code: 'busy' });
    expect(cloud.endpoint.counts()).toEqual({});
    expect(lines.join()).not.toContain(ada.accessToken);
  });

  test('still says where things are, and which keys there are', async () => {
    for (const path of ['oauth-authorization-server', 'oauth-protected-resource/mcp', 'jwks.json']) {
      expect((await fetch(`${cloud.issuer}/.well-known/${path}`)).status).toBe(200);
    }
    expect(cloud.endpoint.counts()).toEqual({});
  });
});

test('a stack that is on again serves whoever was signed in', async () => {
  await turn('on');
  expect((await whoami()).status).toBe(200);
  expect(Object.keys(cloud.endpoint.counts())).toContainEqual(expect.stringContaining('dynamodb:ExecuteStatement'));
});

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ruleItem } from '../../functions/core/oauth/cimd/rule-item.ts';
import { digest } from '../../functions/core/oauth/digest.ts';
import { Browser } from '../support/browser.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { signIn } from '../support/sign-in.ts';
import { type RegistryView, registryOf, writesOf } from './support/p-registry.ts';
import { post } from './support/t-form.ts';
import { VERIFIER } from './support/t-token-cloud.ts';

/** C over HTTP, where every address below has a rule that names it, as far as a rule can. */
let cloud: OwnCloud;
let registry: RegistryView;
beforeAll(async () => {
  const throttle = { authorize: { rate: 10_000, burst: 5_000 } };
  cloud = await startOwnCloud({ settings: { throttle } });
  registry = registryOf(cloud);
});
afterAll(() => cloud?.close());

const REDIRECT_URI = 'https://client.example/cb';
const authorizeUrl = (clientId: string, redirectUri = REDIRECT_URI, issuer = cloud.issuer) => {
  const url = new URL('/authorize', issuer);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: digest(VERIFIER),
    code_challenge_method: 'S256',
    state: 'xyz',
    scope: 'orders:read',
  }).toString();
  return url;
};

/** LOCAL, with the first of the two texts: nothing was resolved, let alone fetched; and nothing was written. */
async function notAdmitted(clientId: string): Promise<void> {
  cloud.endpoint.resetCounts();
  const response = await fetch(authorizeUrl(clientId), { redirect: 'manual' });
  const body = await response.text();
  expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  expect(body).toMatch(/No rule admits this client \(invalid_client\)/);
  expect(writesOf(cloud)).toEqual([]);
}

async function admit(host: string, url: string, pinned?: string): Promise<void> {
  const rule = { url, redirectUris: [REDIRECT_URI], ...(pinned === undefined ? {} : { pinned }) };
  await registry.put(ruleItem(host, { status: 'on', rules: [rule] }));
}

describe('a client id that is an address, and that nobody fetches', () => {
  test.each([
    ['C3 http', 'http://a.example/c.json'],
    ['C4 no path', 'https://a.example'],
    ['C4 the root', 'https://a.example/'],
    ['C5 a fragment', 'https://a.example/c#f'],
    ['C5 user information', 'https://u:p@a.example/c'],
    ['C5 a dot segment', 'https://a.example/./c'],
    ['C5 two dots', 'https://a.example/x/../c'],
    ['C5 encoded dots', 'https://a.example/%2e%2e/c'],
    ['C5 a backslash', 'https://a.example\\c'],
    ['C5 a space', 'https://a.example/ c'],
    ['C5 a control character', 'https://a.example/\tc'],
    ['C6 IPv4 loopback', 'https://127.0.0.1/c.json'],
    ['C6 IPv6 loopback', 'https://[::1]/c.json'],
    ['C6 private', 'https://10.0.0.1/c.json'],
    ['C6 instance metadata', 'https://169.254.169.254/c.json'],
    ['C6 container credentials', 'https://169.254.170.2/c.json'],
    ['C6 IPv6 instance metadata', 'https://[fd00:ec2::254]/c.json'],
    ['C6 IPv4 in IPv6', 'https://[::ffff:127.0.0.1]/c.json'],
    ['C6 this host', 'https://0.0.0.0/c.json'],
    ['C6 a number', 'https://2130706433/c.json'],
    ['C6 hexadecimal', 'https://0x7f.1/c.json'],
    ['C6 NAT64', 'https://[64:ff9b::7f00:1]/c.json'],
    ['C9 localhost', 'https://localhost/c.json'],
    ['C9 a name below localhost', 'https://a.localhost/c.json'],
    ['C9 .local', 'https://printer.local/c.json'],
    ['C9 .internal', 'https://db.internal/c.json'],
    ['C9 a VPC endpoint', 'https://vpce-1.execute-api.us-east-1.vpce.amazonaws.com/c.json'],
    ['C10 another port', 'https://a.example:8443/c.json'],
    ['C10 the port of SSH', 'https://a.example:22/c.json'],
    ['C33 a query', 'https://a.example/c.json?x'],
  ])('%s', async (_, clientId) => {
    const host = URL.parse(clientId)?.host ?? 'a.example';
    await admit(host, clientId.replace(/^http:/, 'https:'));
    await notAdmitted(clientId);
  });

  test('C33 no rule for its host, and a rule for another address of its host', async () => {
    await notAdmitted('https://nobody.example/c.json');
    await admit('somebody.example', 'https://somebody.example/c.json');
    await notAdmitted('https://somebody.example/C.json');
    await notAdmitted('https://claude.ai/oauth/mcp-oauth-client-metadat');
    await notAdmitted('https://chatgpt.com/oauth/a/b/client.json');
  });

  test('C33 a rule, and an address where nobody is: the other text', async () => {
    await admit('nobody-there.example', 'https://nobody-there.example/c.json');
    const response = await fetch(authorizeUrl('https://nobody-there.example/c.json'), { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/could not be used \(invalid_client\)/);
  });

  test('C33 a token and a revocation for an address that was never admitted are 401, and fetch nothing', async () => {
    const client_id = 'https://somebody.example/c.json';
    const form = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x', client_id };
    expect(await post(`${cloud.issuer}/token`, form)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await post(`${cloud.issuer}/revoke`, form)).toMatchObject({ status: 401 });
  });
});

describe('C35 a vendor whose host does not answer', () => {
  test('C35 C33 Claude’s document is pinned: from consent to a token and a refresh', async () => {
    const clientId = 'https://claude.ai/oauth/mcp-oauth-client-metadata';
    const redirectUri = 'https://claude.ai/api/mcp/auth_callback';
    const landed = await signIn(authorizeUrl(clientId, redirectUri), redirectUri, { as: 'ada' });
    const code = landed.searchParams.get('code') ?? '';
    const form = { client_id: clientId, grant_type: 'authorization_code', code, code_verifier: VERIFIER };
    const redeemed = await post(`${cloud.issuer}/token`, form);
    expect(redeemed).toMatchObject({ status: 200, body: { scope: 'orders:read' } });
    const refresh = {
      client_id: clientId,
      grant_type: 'refresh_token',
      refresh_token: String(redeemed.body.refresh_token),
    };
    expect(await post(`${cloud.issuer}/token`, refresh)).toMatchObject({ status: 200 });
  });

  test('C22 C35 Claude Code may use any port of this computer, and nothing else', async () => {
    const clientId = 'https://claude.ai/oauth/claude-code-client-metadata';
    const open = (redirectUri: string) => new Browser().open(authorizeUrl(clientId, redirectUri), () => false);
    expect(await open('http://localhost:3118/callback')).toMatchObject({
      status: 200,
      html: expect.stringMatching(/An application on this computer/),
    });
    expect(await open('https://claude.ai/api/mcp/auth_callback')).toMatchObject({ status: 400 });
  });
});

test('C32 M2 while documents are admitted, the metadata says so', async () => {
  const response = await fetch(`${inject('stack').issuer}/.well-known/oauth-authorization-server`);
  expect(await response.json()).toMatchObject({ client_id_metadata_document_supported: true });
});

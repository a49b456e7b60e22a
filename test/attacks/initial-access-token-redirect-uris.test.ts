import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistryDesk, type RegistryDesk } from '../../infra/cli/clients/registry-desk.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { gatehouseJson, operatorTable } from './support/l-operator.ts';

/**
 * The redirect URI rows with a good initial access token: nothing is refused here because no vetted client uses it, so
 * each refusal is the validator's own.
 */
const settings = { registration: { dcr: 'token', vetted: ['claude', 'cursor'] } };
let cloud: OwnCloud;
let desk: RegistryDesk;
let token = '';

beforeAll(async () => {
  cloud = await startOwnCloud({ settings });
  desk = openRegistryDesk(operatorTable(cloud.directory, 'Registry'));
  const [invitation] = await gatehouseJson<{ initial_access_token: string }>(cloud.directory, 'clients', 'invite');
  token = invitation?.initial_access_token ?? '';
});
afterAll(() => cloud.close());

async function register(...redirect_uris: readonly string[]) {
  const before = (await desk.list()).length;
  const response = await fetch(`${cloud.issuer}/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris, client_name: 'Invited' }),
  });
  expect(response.headers.get('cache-control')).toBe('no-store');
  const body = (await response.json()) as { client_id?: string; error?: string };
  return { status: response.status, body, written: (await desk.list()).length - before };
}

describe('in mode token, with a good token', () => {
  test('R36 POSITIVE an invited client registers a redirect URI that no vetted client uses', async () => {
    const { status, body, written } = await register('https://client.example/cb', 'http://127.0.0.1:4711/cb');
    expect({ status, written }).toEqual({ status: 201, written: 1 });
    expect(body).toMatchObject({ client_id: expect.any(String), token_endpoint_auth_method: 'none' });
    expect(body).not.toHaveProperty('client_secret');
  });

  test('R3 POSITIVE a custom scheme passes as the exact URI of an enabled preset', async () => {
    const answer = await register('cursor://anysphere.cursor-mcp/oauth/callback');
    expect(answer).toMatchObject({ status: 201, written: 1 });
  });

  test.each([
    ['R3', 'cursor://anysphere.cursor-mcp/oauth/callback/x'],
    ['R3', 'vscode://vscode.example/callback'],
    ['R6', 'javascript:alert(1)'],
    ['R8', 'data:text/html,<script>alert(1)</script>'],
    ['R8', 'data:text/html,x'],
    ['R8', 'vbscript:msgbox(1)'],
    ['R8', 'file:///etc/passwd'],
    ['R8', 'blob:https://client.example/1'],
    ['R8', 'about:blank'],
    ['R8', 'mailto:a@client.example'],
    ['R8', 'filesystem:https://client.example/temporary/x'],
    ['R8', 'view-source:https://client.example/cb'],
    ['R8', 'intent://client.example/#Intent;end'],
    ['R8', 'intent:x'],
    ['R8', 'urn:ietf:wg:oauth:2.0:oob'],
    ['R9', 'http://evil.example/cb'],
    ['R9', 'http://localhost.evil.example/cb'],
    ['R11', 'https://u:p@client.example/cb'],
    ['R11', 'http://127.0.0.1:80@evil.example/'],
    ['R13', 'https://*.a.example/cb'],
    ['R13', 'https://a.example/*'],
    ['R16', '/cb'],
    ['R16', '//evil.example/cb'],
    ['R16', ''],
    ['R17', 'https://clаude.ai/cb'],
  ])('%s %j is refused, and nothing is written', async (_, uri) => {
    const { status, body, written } = await register(uri);
    expect({ status, error: body.error, written }).toEqual({ status: 400, error: 'invalid_redirect_uri', written: 0 });
  });

  test('R16 one unusable redirect URI refuses the whole registration', async () => {
    const answer = await register('https://client.example/cb', '/cb');
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_redirect_uri' }, written: 0 });
  });

  test('R17 the punycode of a homograph registers, and the consent page shows it as punycode', async () => {
    const uri = 'https://xn--clude-5ve.ai/cb';
    const { status, body, written } = await register(uri);
    expect({ status, written }).toEqual({ status: 201, written: 1 });
    const authorize = new URLSearchParams({
      response_type: 'code',
      client_id: body.client_id ?? '',
      redirect_uri: uri,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      scope: 'orders:read',
    });
    const page = await fetch(`${cloud.issuer}/authorize?${authorize}`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('xn--clude-5ve.ai');
    expect(html).not.toContain('clаude.ai');
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../functions/core/oauth/presets/index.ts';
import { checkRedirectUri } from '../../functions/core/oauth/redirect-uri.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { expectRefused, register, UNTHROTTLED } from './support/p-register.ts';

/**
 * Redirect URIs that nobody may register. Each is offered to the running server, and to the validator alone: with
 * registration for vetted clients whatever is on no template is refused anyway, so only the second shows that the
 * validator, which every way in shares, refuses by itself.
 */
let cloud: OwnCloud;
const INVALID = { status: 400, error: 'invalid_redirect_uri' };

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: UNTHROTTLED });
});
afterAll(() => cloud.close());

const customSchemes = new Set(
  PRESETS.flatMap(({ redirectUris }) => redirectUris).filter((uri) => !/^https?:/.test(uri)),
);

const NEVER: [row: string, uri: string][] = [
  ['R6', 'javascript:alert(1)'],
  ['R6', 'JavaScript:alert(1)'],
  ['R6', ' javascript:alert(1)'],
  ['R6', 'java\tscript:alert(1)'],
  ['R8', 'data:text/html,<script>alert(1)</script>'],
  ['R8', 'vbscript:msgbox(1)'],
  ['R8', 'file:///etc/passwd'],
  ['R8', 'blob:https://claude.ai/1'],
  ['R8', 'about:blank'],
  ['R8', 'mailto:a@evil.example'],
  ['R8', 'filesystem:https://claude.ai/temporary/x'],
  ['R8', 'view-source:https://claude.ai/'],
  ['R8', 'intent:#Intent;scheme=x;end'],
  ['R8', 'intent://evil.example/'],
  ['R8', 'urn:ietf:wg:oauth:2.0:oob'],
  ['R9', 'http://evil.example/cb'],
  ['R9', 'http://127.0.0.1.evil.example/callback'],
  ['R9', 'http://localhost.evil.example/callback'],
  ['R9', 'http://127.0.0.2/callback'],
  ['R9', 'http://0.0.0.0/callback'],
  ['R11', 'https://u:p@client.example/cb'],
  ['R11', 'https://u@claude.ai/api/mcp/auth_callback'],
  ['R11', 'http://127.0.0.1:80@evil.example/'],
  ['R12', 'https://a.example/cb#frag'],
  ['R12', 'https://a.example/cb#'],
  ['R12', 'https://claude.ai/api/mcp/auth_callback#'],
  ['R13', 'https://*.a.example/cb'],
  ['R13', 'https://a.example/*'],
  ['R13', 'https://*.claude.ai/api/mcp/auth_callback'],
  ['R16', '/cb'],
  ['R16', '//evil.example/cb'],
  ['R16', ''],
  ['R17', 'https://cl\u0430ude.ai/cb'],
  ['R17', 'https://CLAUDE.ai/api/mcp/auth_callback'],
  ['R17', 'https://claude.ai:443/api/mcp/auth_callback'],
  ['R17', 'https://claude.ai/x/../api/mcp/auth_callback'],
  ['R17', 'https://claude.ai\\@evil.example/api/mcp/auth_callback'],
  ['R3', 'cursor://evil/oauth/callback'],
  ['R3', 'cursor://anysphere.cursor-mcp/oauth/callback/x'],
  ['R3', 'cursor://anysphere.cursor-mcp/oauth/callback?x=1'],
  ['R3', 'com.example.app:/callback'],
];

describe('a redirect URI that nobody may have', () => {
  test.each(NEVER)('%s %j is refused, alone and beside a good one', async (_, uri) => {
    await expectRefused(cloud, { ...CLAUDE, redirect_uris: [uri] }, INVALID);
    await expectRefused(cloud, { ...CLAUDE, redirect_uris: [...CLAUDE.redirect_uris, uri] }, INVALID);
  });

  test.each(NEVER)('%s %j is refused by the validator itself, whatever the templates are', (_, uri) => {
    expect(checkRedirectUri(uri, customSchemes)).toMatchObject({ ok: false });
  });
});

test('R3 the validator passes a custom scheme as the exact URI of an enabled client, and not without it', () => {
  const uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
  expect(checkRedirectUri(uri, customSchemes)).toEqual({ ok: true, value: uri });
  expect(checkRedirectUri(uri, new Set())).toMatchObject({ ok: false, error: { fault: 'scheme' } });
});

describe('a redirect URI that is fine, of a client that is not vetted', () => {
  test.each([
    ['R17', 'https://xn--clude-5ve.ai/cb'],
    ['R40', 'https://evil.example/cb'],
    ['R40', 'https://claude.ai.evil.example/api/mcp/auth_callback'],
    ['R40', 'https://claude.ai/api/mcp/auth_callback/'],
    ['R40', 'https://claude.ai/api/mcp/auth_callback?next=https://evil.example'],
    ['R40', 'https://chatgpt.com/connector/oauth/'],
    ['R40', 'https://chatgpt.com/connector/oauth/a/b'],
    ['R40', 'https://chatgpt.com/connector/oauth/%2e%2e'],
    ['R40', 'http://127.0.0.1:4000/elsewhere'],
  ])('%s %s passes the validator and no template', async (_, uri) => {
    expect(checkRedirectUri(uri, customSchemes).ok).toBe(!uri.includes('%2e'));
    await expectRefused(cloud, { ...CLAUDE, redirect_uris: [uri] }, INVALID);
  });

  test('R40 two of three on a template are none registered, never a shorter list', async () => {
    const good = ['http://127.0.0.1:33418/', 'https://claude.ai/api/mcp/auth_callback'];
    const evil = 'https://evil.example/cb';
    for (const redirect_uris of [
      [...good, evil],
      [evil, ...good],
    ]) {
      await expectRefused(cloud, { ...CLAUDE, redirect_uris }, INVALID);
    }
  });
});

describe('what is no list of redirect URIs', () => {
  test.each([
    ['missing', undefined],
    ['null', null],
    ['empty', []],
    ['a string', 'https://claude.ai/api/mcp/auth_callback'],
    ['an object', { 0: 'https://claude.ai/api/mcp/auth_callback', length: 1 }],
    ['a number in it', [...CLAUDE.redirect_uris, 1]],
    ['null in it', [...CLAUDE.redirect_uris, null]],
    ['a list in it', [CLAUDE.redirect_uris]],
  ])('R5 %s is refused', async (_, redirect_uris) => {
    await expectRefused(cloud, { ...CLAUDE, redirect_uris }, INVALID);
  });

  test('R18 eleven are refused and ten are not, a URI of 2049 characters is refused', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `http://127.0.0.1:${4000 + i}/callback`);
    await expectRefused(cloud, { redirect_uris: many(11) }, INVALID);
    expect((await register(cloud.issuer, { redirect_uris: many(10) })).status).toBe(201);
    const long = 'https://claude.ai/api/mcp/auth_callback?'.padEnd(2049, 'a');
    expect(checkRedirectUri(long, customSchemes)).toMatchObject({ error: { fault: 'too-long' } });
    expect(checkRedirectUri(long.slice(0, -1), customSchemes).ok).toBe(true);
    await expectRefused(cloud, { redirect_uris: [long] }, INVALID);
  });
});

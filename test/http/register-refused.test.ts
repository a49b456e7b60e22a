import { describe, expect, test } from 'vitest';
import { CLAUDE, refusal } from '../support/registrations.ts';

describe('a registration is refused, and nothing is stored', () => {
  const scheme = (uri: string): [string, unknown] => [uri, [uri]];
  const unusable: [string, unknown][] = [
    ['R5 missing', undefined],
    ['R5 empty', []],
    ['R5 no list', 'https://claude.ai/api/mcp/auth_callback'],
    ['R5 not strings', [1]],
    scheme('javascript:alert(1)'),
    ...['data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:https://a.example/1', 'about:blank'].map(scheme),
    ...['mailto:a@b.example', 'filesystem:http://a/t/x', 'view-source:https://a.example/', 'intent:x'].map(scheme),
    ...['urn:ietf:wg:oauth:2.0:oob', 'http://evil.example/cb', 'https://u:p@claude.ai/api/mcp/auth_callback'].map(
      scheme,
    ),
    ...['http://127.0.0.1:80@evil.example/', 'https://claude.ai/api/mcp/auth_callback#frag'].map(scheme),
    ...['https://claude.ai/api/mcp/auth_callback#', 'https://*.claude.ai/api/mcp/auth_callback'].map(scheme),
    ...['/cb', '//evil.example/cb', '', 'https://clаude.ai/cb', 'https://xn--clude-5ve.ai/cb'].map(scheme),
    ...['https://chatgpt.com/connector/oauth/a/b', 'https://chatgpt.com/connector/oauth/..'].map(scheme),
    ...['https://chatgpt.com/connector/oauth/%2e', 'https://chatgpt.com/connector/oauth/'].map(scheme),
    ...['cursor://anysphere.cursor-mcp/oauth/callback/x', 'cursor://evil/oauth/callback'].map(scheme),
    ['R18 eleven', Array.from({ length: 11 }, (_, i) => `http://127.0.0.1:${4000 + i}/`)],
    ['R18 too long', [`http://127.0.0.1/callback/${'a'.repeat(2048)}`]],
    ['R40 two of three', ['http://127.0.0.1:1/', 'https://claude.ai/api/mcp/auth_callback', 'https://evil.example/']],
  ];
  test.each(unusable)('redirect URIs: %s', async (_, redirect_uris) => {
    expect(await refusal({ ...CLAUDE, redirect_uris })).toMatchObject({ status: 400, error: 'invalid_redirect_uri' });
  });

  test.each(['{', '[]', 'null', '"x"', '', '['.repeat(10_000), `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`])(
    'R19 the body %#',
    async (body) => {
      expect(await refusal(body)).toMatchObject({ status: 400 });
    },
  );

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json, text/plain'])(
    'R20 type %s',
    async (type) => {
      const answer = await refusal(JSON.stringify(CLAUDE), { 'content-type': type });
      expect(answer).toMatchObject({ status: 400, error: 'invalid_client_metadata' });
    },
  );

  test('R20 no type', async () => {
    expect(await refusal(JSON.stringify(CLAUDE), {})).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test.each(['implicit', 'client_credentials', 'password'])('R24 grant type %s', async (type) => {
    expect(await refusal({ ...CLAUDE, grant_types: [type] })).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test.each(['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'jwks_uri'])(
    'R27 %s that is no https',
    async (member) => {
      for (const value of ['javascript:alert(1)', 'data:text/html,x', 'http://169.254.169.254/latest/']) {
        expect(await refusal({ ...CLAUDE, [member]: value })).toMatchObject({ error: 'invalid_client_metadata' });
      }
    },
  );

  test('R30 a software statement', async () => {
    const answer = await refusal({ ...CLAUDE, software_statement: 'eyJhbGciOiJub25lIn0.e30.' });
    expect(answer).toMatchObject({ status: 400, error: 'unapproved_software_statement' });
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PALETTE } from '../../functions/http/pages/style.ts';
import { AUTHORIZE, anAuthorizationServer, type Form } from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

async function pageOf(client: Parameters<typeof aClient>[0] = {}, changes: Form = {}) {
  const server = await anAuthorizationServer();
  await server.store.desk.enrol(aClient({ id: 'shown', ...client }));
  const redirect_uri = client.redirectUris?.[0] ?? AUTHORIZE.redirect_uri;
  const page = await server.authorize({ client_id: 'shown', redirect_uri, ...changes });
  return { body: page.body ?? '', headers: page.headers ?? {} };
}

/** What a reader gets: the page's text, in order, without markup. */
const textOf = (body: string) =>
  body
    .slice(body.indexOf('<main>'))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');

describe('the consent page', () => {
  test('S17 says who, where to, for what, in words, and that the name is nobody’s word', async () => {
    const { body } = await pageOf();
    const text = textOf(body);
    expect(text).toMatch(
      /^ The website client\.example asks for access to mcp\.example Not verified It calls itself Example /,
    );
    expect(text).toContain("See customers' orders and their status orders:read");
    expect(text).toContain('https:// client.example /cb');
    expect(text).toContain('Client id shown');
    expect(text).toContain('Next you sign in with Example Login');
    expect(body).not.toContain('class="warn"');
  });

  test('S15 no name can push its mark away: the mark comes first and nothing after it is cut off', async () => {
    const { body } = await pageOf({ name: 'x'.repeat(100) });
    expect(body.indexOf('Not verified')).toBeLessThan(body.indexOf('x'.repeat(100)));
    expect(body).not.toMatch(/max-height/);
    expect(textOf((await pageOf({ name: undefined })).body)).toContain('It gave no name.');
  });

  test('C22 warns of an application on this computer', async () => {
    for (const uri of ['http://127.0.0.1:4000/cb', 'http://localhost/cb', 'http://[::1]:9/cb', 'cursor://a.b/c']) {
      const { body } = await pageOf({ redirectUris: [uri] });
      expect(textOf(body)).toContain('Any program on this computer could be the one that asks.');
    }
  });

  test.each([
    ['S16 a long subdomain', 'https://claude.ai.login.evil.com/cb', 'claude.ai.login.evil.com'],
    ['R17 a look-alike', 'https://xn--clude-5ve.ai/cb', 'xn--clude-5ve.ai'],
    ['a host that is also in the path', 'https://a.example/https://claude.ai/cb', 'a.example'],
  ])('%s shows its whole host', async (_, uri, host) => {
    const { body } = await pageOf({ redirectUris: [uri] });
    expect(body).toContain(`<h1>The website <strong>${host}</strong> asks`);
    expect(body).toContain(`<code>https://<strong>${host}</strong>${uri.slice(8 + host.length)}</code>`);
    expect(body).not.toMatch(/text-overflow|white-space:nowrap/);
  });

  test.each(['"><img src=x onerror=alert(1)>', '&lt;b&gt;', '{{7*7}}', "' onfocus='x", '</style><script>1</script>'])(
    'S15 the name %s is text',
    async (name) => {
      const { body } = await pageOf({ name });
      expect(body).not.toMatch(/<(?:img|script)/);
      const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      expect(body).toContain(`<bdi>${escaped.replaceAll('"', '&quot;').replaceAll("'", '&#39;')}</bdi>`);
    },
  );

  test.each([
    ['a direction override', 'Claude \u202eyb deifirev', 'Claude yb deifirev'],
    ['isolates and marks', '\u2066Clau\u2069de\u200f\u061c', 'Claude'],
    ['zero-width joints', 'Cla\u200bu\u200d\u2060d\ufeffe', 'Claude'],
    ['a filler that is a letter', 'Claude\u3164\u115f\uffa0', 'Claude'],
    ['selectors and a soft hyphen', 'Clau\u00adde\ufe0f\u{e0041}', 'Claude'],
    ['lines and controls', 'Claude\n\u2028\u0007\u001b[2J', 'Claude[2J'],
    ['spaces of all kinds', ' Claude \u00a0\u3000 Code\u2800 ', 'Claude Code'],
  ])('S15 R29 a stored name with %s is shown without, whoever wrote it', async (_, name, shown) => {
    const { body } = await pageOf({ name, source: 'static' });
    expect(/<bdi>(.*?)<\/bdi>/s.exec(body)?.[1]).toBe(shown);
    expect(textOf(body)).not.toMatch(/[\p{C}\p{Default_Ignorable_Code_Point}]/u);
  });

  test('S15 a stored name of nothing that can be seen is no name', async () => {
    expect(textOf((await pageOf({ name: '\u202e\u3164 \u200b' })).body)).toContain('It gave no name.');
  });

  test('S18 A42 X2 its headers allow nothing but its style and its form', async () => {
    const { body, headers } = await pageOf();
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']?.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'none'",
      "img-src 'none'",
      `style-src 'sha256-${hash}'`,
      "form-action 'self' https://idp.example https://client.example",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(body).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import|style="/i);
  });

  test.each([
    ['http://127.0.0.1:4000/cb', 'http://127.0.0.1:4000'],
    ['http://[::1]:4000/cb', 'http:'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor:'],
  ])('S18 the form may lead to %s', async (uri, source) => {
    const { headers } = await pageOf({ redirectUris: [uri] });
    expect(headers['content-security-policy']).toContain(`form-action 'self' https://idp.example ${source};`);
  });

  test('the first button says no, so that the Enter key agrees to nothing; every box has a label', async () => {
    const { body } = await pageOf();
    const buttons = [...body.matchAll(/<button[^>]*name="decision" value="(\w+)"/g)].map(([, value]) => value);
    expect(buttons).toEqual(['deny', 'approve']);
    expect(body.match(/<label><input type="checkbox"/g)).toHaveLength(3);
    expect(body).toContain('<html lang="en">');
    expect(body).toContain('<meta name="viewport" content="width=device-width,initial-scale=1">');
  });
});

describe('the colours', () => {
  const channel = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (hex: string) =>
    [1, 3, 5]
      .map((at) => channel(Number.parseInt(hex.slice(at, at + 2), 16) / 255))
      .reduce((sum, value, i) => sum + value * ([0.2126, 0.7152, 0.0722][i] ?? 0), 0);
  const contrast = (one: string, other: string) => {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  test.each(['light', 'dark'] as const)(
    'keep 4.5 to 1 for text in the %s scheme, and 3 to 1 for what marks',
    (scheme) => {
      const c = PALETTE[scheme];
      for (const [text, ground] of [
        [c.text, c.card],
        [c.text, c.ground],
        [c.quiet, c.card],
        [c.warnText, c.warnGround],
        [c.onAction, c.action],
      ]) {
        expect(contrast(text ?? '', ground ?? '')).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(c.focus, c.card)).toBeGreaterThanOrEqual(3);
      expect(contrast(c.quiet, c.card)).toBeGreaterThanOrEqual(3);
    },
  );
});

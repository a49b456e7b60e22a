import { describe, expect, test } from 'vitest';
import { isDocumentUrl } from '../../../functions/core/oauth/cimd/document-url.ts';
import { readDocument } from '../../../functions/core/oauth/cimd/read-document.ts';
import { admittingRule, rulesOfPresets } from '../../../functions/core/oauth/cimd/rule.ts';
import { parseClientId } from '../../../functions/core/oauth/identifiers.ts';
import { PRESETS } from '../../../functions/core/oauth/presets/index.ts';

describe('the address of a document', () => {
  test.each([
    'https://a.example/c.json',
    'https://a-b.c.example/oauth/1/client.json',
    'https://xn--clude-5ve.ai/c',
    'https://a.example/c/',
    'https://a.example/~me/c;v=1',
    'https://local.example/c',
    'https://internal.a.example/c',
    `https://a.example/${'x'.repeat(512 - 'https://a.example/'.length)}`,
  ])('may be %s', (url) => expect(isDocumentUrl(url)).toBe(true));

  test.each([
    ...[
      'http://a.example/c',
      'https://a.example',
      'https://a.example/',
      'https://a/c',
      'https://1.2.3.4/c',
      'HTTPS://a.example/c',
    ],
    ...[
      'https://A.example/c',
      'https://a.example:443/c',
      'https://a.example./c',
      'https://a_b.example/c',
      'https://.example/c',
    ],
    ...[
      'https://a.example/c?',
      'https://a.example/c#',
      'https://a.example/%63',
      'https://a.example/*',
      'https://аpple.example/c',
    ],
    ...[
      'https://a.example/c\n',
      ' https://a.example/c',
      'https:a.example/c',
      'https:///a.example/c',
      'https://a.example//..//c',
    ],
    ...[
      'https://-a.example/c',
      'https://a.123/c',
      'https://a.corp/c',
      'https://s3.amazonaws.com/c',
      'ftp://a.example/c',
    ],
    ...['https://amazonaws.com/c', 'https://home.arpa/c', 'https://router.home.arpa/c', 'https://a.local/c'],
    ...['https://u@a.example/c', 'https://:p@a.example/c', 'https://a.example:8443/c'],
    ...['https://a.example/%63/c', 'https://a.example/c/%63'],
    `https://a.example/${'x'.repeat(513 - 'https://a.example/'.length)}`,
  ])('is never %j', (url) => {
    expect(isDocumentUrl(url)).toBe(false);
    if (url.includes('/')) expect(parseClientId(url)).toBeUndefined();
  });
});

describe('the presets', () => {
  const rules = rulesOfPresets(PRESETS);

  test.each(rules)('admit $url at an address that can be one, and pin what passes every check', (rule) => {
    const url = rule.url.replace('{id}', 'abc');
    expect(isDocumentUrl(url)).toBe(true);
    expect(admittingRule(rules, url)?.url).toBe(rule.url);
    if (rule.pinned === undefined) return;
    const read = readDocument(rule.pinned, rule.url, rule);
    expect(read).toMatchObject({ ok: true, value: { redirectUris: JSON.parse(rule.pinned).redirect_uris } });
  });

  test('name for a document no redirect URI that registration would not take from the same client', () => {
    for (const { redirectUris, documents = [] } of PRESETS) {
      for (const rule of documents) expect(redirectUris).toEqual(expect.arrayContaining([...rule.redirectUris]));
    }
  });

  test('Codex and ChatGPT share a host, and neither document is judged by the rule of the other', () => {
    const codex = admittingRule(rules, 'https://chatgpt.com/oauth/codex/client.json');
    expect(codex?.redirectUris).toContain('http://127.0.0.1/callback');
  });
});

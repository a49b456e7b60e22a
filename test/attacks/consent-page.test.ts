import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient } from '../support/builders.ts';
import { type Answer, type AuthorizationCloud, startAuthorizationCloud } from './support/q-authorization.ts';

/** The consent page: what stands on it, and that nothing on it is the client's to write, load or run. */
const NAMES = [
  '"><img src=x onerror=alert(1)>',
  '</bdi></strong><script>alert(1)</script>',
  '&lt;script&gt;',
  '{{7*7}}',
  '\u202egnp.exe',
  '🦊'.repeat(100),
  'two\nlines',
];
const LONG = `https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.evil.example/cb`;
const ADDRESSES = {
  lookalike: 'https://claude.ai.evil.com/cb',
  homograph: 'https://xn--clude-5ve.ai/cb',
  long: LONG,
  scheme: 'cursor://anysphere.cursor-mcp/oauth/callback',
};

let cloud: AuthorizationCloud;

beforeAll(async () => {
  const named = NAMES.map((name, index) => aClient({ id: `named-${index}`, name }));
  const addressed = Object.entries(ADDRESSES).map(([id, uri]) => aClient({ id, redirectUris: [uri] }));
  cloud = await startAuthorizationCloud([...named, ...addressed, aClient({ id: 'nameless', name: undefined })]);
});
afterAll(() => cloud.close());

const unescaped = (html: string) =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** What a person reads, with single spaces. Tags inside a line are no gap. */
const textOf = ({ body }: Answer) =>
  unescaped(
    body
      .replace(/<(style|title)>.*?<\/\1>/gs, '')
      .replace(/<\/?(?:strong|bdi)\b[^>]*>/g, '')
      .replace(/<[^>]*>/g, ' '),
  ).replace(/\s+/g, ' ');

const styleOf = ({ body }: Answer) => /<style>(.*?)<\/style>/s.exec(body)?.[1] ?? '';

/** Tags, in order, without what is between them. */
const tagsOf = ({ body }: Answer) =>
  (body.match(/<\/?[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/value="[^"]*"/g, ''));

const policyOf = ({ headers }: Answer) =>
  Object.fromEntries(
    (headers['content-security-policy'] ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );

describe('what the client says about itself', () => {
  test.each(NAMES.map((name, index) => [JSON.stringify(name).slice(0, 40), name, index] as const))(
    'S15 the name %s is text and nothing else',
    async (_, name, index) => {
      const [plain, page] = [await cloud.authorize(), await cloud.authorize({ client_id: `named-${index}` })];
      // What turns the reading around, or breaks the line, is not shown: nothing of the kind is a name's to do.
      const shown = name.replaceAll(/[\u202e\n]/g, '');
      expect(unescaped(/<bdi>(.*?)<\/bdi>/s.exec(page.body)?.[1] ?? '')).toBe(shown);
      expect(tagsOf(page)).toEqual(tagsOf(plain));
      expect(policyOf(page)['script-src']).toEqual(["'none'"]);
      expect(page.headers['content-security-policy']).not.toContain('unsafe');
    },
  );

  test.each(['lookalike', 'homograph', 'long'] as const)(
    'S16 the whole host of the %s address is on the page',
    async (id) => {
      const redirect_uri = ADDRESSES[id];
      const { host } = new URL(redirect_uri);
      const page = await cloud.authorize({ client_id: id, redirect_uri });
      expect(textOf(page)).toContain(`The website ${host} asks for access`);
      expect(textOf(page)).toContain(`${redirect_uri} `);
      // Only a name may be clipped, at its own edges; an address wraps and is never cut.
      const rules = styleOf(page).split('}');
      const cutting = rules.filter((rule) => /ellipsis|nowrap|line-clamp|overflow\s*:\s*hidden/.test(rule));
      expect(cutting.every((rule) => rule.trim().startsWith('.name{'))).toBe(true);
      expect(rules.some((rule) => /^\s*code\{.*overflow-wrap:anywhere/.test(rule))).toBe(true);
    },
  );
});

describe('what a person must see', () => {
  test('S17 name, marked, then id, address, resource, scopes in words with boxes, and who comes next', async () => {
    const page = await cloud.authorize();
    const text = textOf(page);
    expect(text).toContain('Not verified It calls itself Example ');
    expect(text).toContain('Client id client-a ');
    expect(text).toContain('The answer goes to https://client.example/cb ');
    expect(text).toContain(`Access to ${cloud.resource} `);
    expect(text).toContain('Next you sign in with Amazon Cognito.');
    for (const [scope, words] of [
      ['orders:read', "See customers' orders and their status"],
      ['tickets:read', 'Read support tickets'],
      ['tickets:write', 'Add notes to support tickets'],
    ]) {
      expect(page.body).toContain(`<input type="checkbox" name="scope" value="${scope}" checked>`);
      expect(text).toContain(`${words} ${scope} `);
    }
    expect(textOf(await cloud.authorize({ client_id: 'nameless' }))).toContain('It gave no name.');
  });

  test('S17 an address on this computer, or of an application, is named as one, with a warning', async () => {
    const computer = textOf(await cloud.authorize({ redirect_uri: 'http://127.0.0.1:51234/cb' }));
    expect(computer).toContain('An application on this computer (127.0.0.1:51234)');
    const application = textOf(await cloud.authorize({ client_id: 'scheme', redirect_uri: ADDRESSES.scheme }));
    expect(application).toContain('The application that opens cursor: links');
    for (const text of [computer, application]) expect(text).toContain('Any program on this computer');
  });
});

describe('what the page may do', () => {
  test('S18 it loads nothing, runs nothing and links nowhere', async () => {
    const { body } = await cloud.authorize();
    expect(body).not.toMatch(
      /<(script|img|link|iframe|object|embed|base|svg)\b|\s(src|href|on\w+|style)\s*=|url\(|@import/i,
    );
    expect(body.match(/<form\b[^>]*>/g)).toEqual(['<form method="post" action="/consent">']);
  });

  test.each([
    ['a website', {}, 'https://client.example'],
    ['a loopback port', { redirect_uri: 'http://127.0.0.1:51234/cb' }, 'http://127.0.0.1:51234'],
    ['an IPv6 loopback', { redirect_uri: 'http://[::1]:51234/cb' }, 'http:'],
    ['a custom scheme', { client_id: 'scheme', redirect_uri: ADDRESSES.scheme }, 'cursor:'],
  ])('S18 the form of %s leads here, to the provider and to the client', async (_, changes, target) => {
    const page = await cloud.authorize(changes);
    const policy = policyOf(page);
    expect(policy['default-src']).toEqual(["'none'"]);
    expect(policy['form-action']).toEqual(["'self'", cloud.provider.issuer, target]);
    expect(policy['style-src']).toEqual([`'sha256-${createHash('sha256').update(styleOf(page)).digest('base64')}'`]);
    expect(policy['base-uri']).toEqual(["'none'"]);
  });

  test('S18 the page with the form is its own referrer; every other one has none', async () => {
    const page = await cloud.authorize();
    expect(page.headers['referrer-policy']).toBe('same-origin');
    const { form, cookies } = await cloud.shown();
    const others = [
      await cloud.authorize({ client_id: 'nobody' }),
      await cloud.authorize({ response_type: 'token' }),
      await cloud.consent(form, {}),
      await cloud.consent(form, { cookies }),
      await cloud.callback('', {}),
    ];
    expect(others.map(({ status }) => status)).toEqual([400, 303, 403, 303, 403]);
    for (const { headers } of others) expect(headers['referrer-policy']).toBe('no-referrer');
    for (const { headers } of [page, ...others]) expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

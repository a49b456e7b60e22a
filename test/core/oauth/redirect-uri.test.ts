import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRedirectUri, fitsTemplate, isRegistered } from '../../../functions/core/oauth/redirect-uri.ts';

const CUSTOM = new Set(['cursor://anysphere.cursor-mcp/oauth/callback']);
const passes = (uri: string) => checkRedirectUri(uri, CUSTOM).ok;

const host = fc.constantFrom('127.0.0.1', '[::1]', 'localhost');
const port = fc.integer({ min: 1, max: 65_535 }).filter((number) => number !== 80);
const path = fc.stringMatching(/^(?:\/[a-z0-9_-]{1,8}){1,3}$/);

describe('a redirect URI', () => {
  test.each([
    'https://claude.ai/api/mcp/auth_callback',
    'https://app.example:8443/cb?tenant=a',
    'http://localhost/callback',
    'http://127.0.0.1:33418/',
    'http://[::1]:1/cb',
    'https://[2001:db8::1]/cb',
    `https://a.example/${'a'.repeat(2048 - 'https://a.example/'.length)}`,
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('%s may be registered', (uri) => {
    expect(passes(uri)).toBe(true);
  });

  test.each([
    ['http://evil.example/cb', 'scheme'],
    ['http://localhost.evil.example/cb', 'scheme'],
    ['http://127.0.0.2/cb', 'scheme'],
    ['http://localhost./cb', 'scheme'],
    ['ftp://localhost/cb', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['cursor://other/oauth/callback', 'scheme'],
    ['http://127.1/cb', 'not-canonical'],
    ['http://2130706433/', 'not-canonical'],
    ['http://0x7f.1/', 'not-canonical'],
    ['HTTPS://a.example/cb', 'not-canonical'],
    ['https://A.example/cb', 'not-canonical'],
    ['https://a.example:443/cb', 'not-canonical'],
    ['https://a.example', 'not-canonical'],
    ['https://a.example/b/../c', 'not-canonical'],
    ['https://a.example/%2e%2e/c', 'not-canonical'],
    ['https:a.example/cb', 'not-canonical'],
    ['https:///a.example/cb', 'not-canonical'],
    ['https://a.example;sandbox/cb', 'host'],
    ["https://a'b.example/cb", 'host'],
    ['https://u:p@a.example/cb', 'user-information'],
    ['https://u@a.example/cb', 'user-information'],
    ['https://:p@a.example/cb', 'user-information'],
    ['https://@a.example/cb', 'not-canonical'],
    ['https://a.example/cb#', 'fragment'],
    ['https://*.a.example/cb', 'wildcard'],
    ['https://a.example\\@evil.example/', 'not-ascii'],
    [' https://a.example/cb', 'not-ascii'],
    ['https://a.example/c b', 'not-ascii'],
    ['https://a.example/c\tb', 'not-ascii'],
    ['https://clаude.ai/cb', 'not-ascii'],
    ['/cb', 'not-a-uri'],
    ['', 'not-ascii'],
    [`https://a.example/${'a'.repeat(2048)}`, 'too-long'],
  ])('%j may not: %s', (uri, fault) => {
    expect(checkRedirectUri(uri, CUSTOM)).toMatchObject({ ok: false, error: { fault } });
  });
});

describe('a requested redirect URI', () => {
  test('matches itself, and on loopback any port of itself', () => {
    fc.assert(
      fc.property(host, port, port, path, (name, one, other, rest) => {
        expect(isRegistered([`http://${name}:${one}${rest}`], `http://${name}:${other}${rest}`)).toBe(true);
        expect(isRegistered([`http://${name}${rest}`], `http://${name}:${other}${rest}`)).toBe(true);
        const several = ['https://app.example/cb', `http://${name}:${one}${rest}`, 'http://localhost/elsewhere'];
        expect(isRegistered(several, `http://${name}:${other}${rest}`)).toBe(true);
      }),
    );
  });

  test('matches nothing else: no other name, path, scheme or port of the wide world', () => {
    fc.assert(
      fc.property(host, host, port, path, path, (name, another, number, rest, elsewhere) => {
        const registered = [`http://${name}:${number}${rest}`, `https://app.example:${number}${rest}`];
        if (another !== name) expect(isRegistered(registered, `http://${another}:${number}${rest}`)).toBe(false);
        if (elsewhere !== rest) expect(isRegistered(registered, `http://${name}:${number}${elsewhere}`)).toBe(false);
        expect(isRegistered(registered, `https://${name}:${number}${rest}`)).toBe(false);
        expect(isRegistered(registered, `https://app.example:${number === 1 ? 2 : number - 1}${rest}`)).toBe(false);
        expect(isRegistered(registered, `http://${name}:${number}${rest}?x=1`)).toBe(false);
        expect(isRegistered(registered, `http://u@${name}:${number}${rest}`)).toBe(false);
      }),
    );
  });

  test('of any text matches only when it is registered, or loopback as registered', () => {
    const registered = ['https://client.example/cb', 'http://127.0.0.1:4000/cb'];
    const near = fc
      .constantFrom(...registered)
      .chain((uri) =>
        fc
          .tuple(fc.nat(uri.length), fc.string({ maxLength: 3 }))
          .map(([at, text]) => uri.slice(0, at) + text + uri.slice(at)),
      );
    fc.assert(
      fc.property(near, (uri) => {
        if (!isRegistered(registered, uri)) return;
        const loopback = /^http:\/\/127\.0\.0\.1(?::\d{1,5})?\/cb$/.test(uri);
        expect(registered.includes(uri) || loopback).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a template of a vetted client', () => {
  test.each([
    ['https://chatgpt.com/connector/oauth/{id}', 'https://chatgpt.com/connector/oauth/aB3_-x'],
    ['http://127.0.0.1/callback/{id}', 'http://127.0.0.1:51234/callback/x'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback'],
  ])('%s is filled by %s', (template, uri) => {
    expect(fitsTemplate(template, uri)).toBe(true);
  });

  test('is filled by one plain segment and by nothing else', () => {
    const template = 'https://chatgpt.com/connector/oauth/{id}';
    for (const id of ['', '.', '..', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a.b', 'a b', 'é', 'x'.repeat(129)]) {
      expect(fitsTemplate(template, template.replace('{id}', id))).toBe(false);
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (id) => {
        expect(
          fitsTemplate(
            template,
            template.replace('{id}', () => id),
          ),
        ).toBe(/^[\w-]+$/.test(id));
      }),
    );
    expect(fitsTemplate(template, 'https://chatgpt.com.evil.example/connector/oauth/x')).toBe(false);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDocumentUrl } from '../../../functions/core/oauth/cimd/document-url.ts';
import { checkRedirectUri } from '../../../functions/core/oauth/redirect-uri.ts';

/** What holds of every address on the web, not only of those that somebody thought of. */
test('the address of a document is whatever it claims to be: canonical, https, port 443, a public name, and a path', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }), fc.webUrl()), (text) => {
      if (!isDocumentUrl(text)) return;
      const url = new URL(text);
      expect(url.href).toBe(text);
      expect([url.protocol, url.port, url.username, url.password, url.search, url.hash]).toEqual([
        'https:',
        '',
        '',
        '',
        '',
        '',
      ]);
      expect(url.pathname.length).toBeGreaterThan(1);
      expect(url.hostname).toMatch(/\.[a-z][a-z0-9-]*$/);
    }),
    { numRuns: 2_000 },
  );
});

test('a redirect URI that may be registered is what every parser reads, and is https, loopback or vetted', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string()), (uri) => {
      if (!checkRedirectUri(uri, new Set()).ok) return;
      const url = new URL(uri);
      expect(url.href).toBe(uri);
      expect(url.username + url.password + url.hash).toBe('');
      expect(url.protocol).toBe('https:');
    }),
    { numRuns: 2_000 },
  );
});

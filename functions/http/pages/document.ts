import { html, raw } from 'hono/html';
import { STYLE, STYLE_SOURCE } from './style.ts';

/** A page: escaped by default, no script, nothing loaded from anywhere. */
export async function document(title: string, body: unknown): Promise<string> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
  return page.toString();
}

/**
 * The headers of a page. Nothing may be loaded, nothing may frame it (RFC 9700 section 4.16), and its form may lead only
 * to `formTargets`: browsers apply `form-action` to the redirect that answers the post, too.
 *
 * A page with a form says `same-origin` as its referrer policy: under `no-referrer` Chrome sends `Origin: null` with our
 * own form, which is what an attacker's form would send.
 */
export function pageHeaders(formTargets: readonly string[] = []): Readonly<Record<string, string>> {
  const hasForm = formTargets.length > 0;
  const policy = [
    "default-src 'none'",
    "script-src 'none'",
    "img-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    `form-action ${hasForm ? ["'self'", ...new Set(formTargets)].join(' ') : "'none'"}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'referrer-policy': hasForm ? 'same-origin' : 'no-referrer',
  };
}

/**
 * A redirect URI as a Content-Security-Policy source: its origin, or its scheme when it has none. An IPv6 literal cannot
 * be written as a host source (CSP level 3, section 2.3.1), so plain http stands for it.
 */
export function formTargetOf(redirectUri: string): string {
  const url = new URL(redirectUri);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return url.protocol;
  return url.hostname.startsWith('[') ? url.protocol : url.origin;
}

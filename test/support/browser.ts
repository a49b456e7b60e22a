import { parseSetCookie } from 'cookie';

/** A page as a person has it before them: where it is, and what it says. */
export type Page = { readonly url: URL; readonly status: number; readonly html: string; readonly headers: Headers };

export type Form = { readonly action: URL; readonly fields: URLSearchParams };

type Cookie = { readonly name: string; readonly value: string; readonly host: string; readonly path: string };

/**
 * As much of a browser as a sign-in needs: cookies by host and path (ports share them, as in a real one), redirects
 * followed by hand so that the last hop to an application can be caught, and forms. No script; our pages need none.
 */
export class Browser {
  #cookies: Cookie[] = [];

  /** Follows redirects until a page, or until an address `stopAt` accepts; that address is returned, not fetched. */
  async open(url: URL | string, stopAt: (url: URL) => boolean, init: RequestInit = {}): Promise<Page | URL> {
    let next = new URL(url);
    let request = init;
    for (let hops = 0; hops < 15; hops++) {
      if (stopAt(next)) return next;
      const response = await fetch(next, { ...request, redirect: 'manual', headers: this.#headers(next, request) });
      this.#keep(next, response);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) {
        return { url: next, status: response.status, html: await response.text(), headers: response.headers };
      }
      next = new URL(location, next);
      request = {};
    }
    throw new Error(`too many redirects, the last to ${next.origin}${next.pathname}`);
  }

  /** Sends a page's form, as a click on one of its buttons does: same-origin, so with its Origin. */
  async submit(form: Form, stopAt: (url: URL) => boolean): Promise<Page | URL> {
    const headers = { origin: form.action.origin, 'sec-fetch-site': 'same-origin' };
    return await this.open(form.action, stopAt, { method: 'POST', body: form.fields, headers });
  }

  cookieNames(): string[] {
    return this.#cookies.map(({ name }) => name);
  }

  #headers(url: URL, init: RequestInit): Headers {
    const headers = new Headers(init.headers);
    const sent = this.#cookies.filter(({ host, path }) => host === url.hostname && url.pathname.startsWith(path));
    if (sent.length > 0) headers.set('cookie', sent.map(({ name, value }) => `${name}=${value}`).join('; '));
    return headers;
  }

  #keep(url: URL, response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const { name, value = '', path = '/', maxAge, expires } = parseSetCookie(line);
      this.#cookies = this.#cookies.filter((known) => known.name !== name || known.path !== path);
      const gone = maxAge === 0 || (expires !== undefined && expires.getTime() <= Date.now());
      if (!gone) this.#cookies.push({ name, value, host: url.hostname, path });
    }
  }
}

/** The one form of a page: its hidden and text fields, and its ticked boxes. Buttons are the caller's to press. */
export function formOf(page: Page): Form {
  const form = /<form\b[^>]*>([\s\S]*?)<\/form>/i.exec(page.html);
  if (!form) throw new Error(`no form on ${page.url.pathname} (${page.status}): ${page.html.slice(0, 300)}`);
  const fields = new URLSearchParams();
  for (const [tag] of (form[1] ?? '').matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    const type = attribute(tag, 'type') ?? 'text';
    if (name === undefined || type === 'submit') continue;
    if (type === 'checkbox' && !/\schecked\b/i.test(tag)) continue;
    fields.append(name, attribute(tag, 'value') ?? '');
  }
  return { action: new URL(attribute(form[0], 'action') ?? page.url.href, page.url), fields };
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  const raw = found?.[1] ?? found?.[2] ?? found?.[3];
  return raw
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

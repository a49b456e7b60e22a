import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { describePerson, PEOPLE } from './people.ts';

const STYLE = `
  :root { color-scheme: light dark; --paper: #f6f6f4; --card: #fff; --ink: #1d1f21; --quiet: #5c6166; --line: #d9dad6; --edge: #83888d; --accent: #23527a; --on-accent: #fff; --alarm: #9b2318; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #16181a; --card: #1f2225; --ink: #e8e8e6; --quiet: #a4a9ae; --line: #3a3f44; --edge: #757b81; --accent: #8ab8de; --on-accent: #10202c; --alarm: #f2a097; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 3rem 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 26rem; margin: 0 auto; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
  h1 { margin: 0 0 .25rem; font-size: 1.25rem; }
  p { margin: 0 0 1rem; }
  .quiet { color: var(--quiet); font-size: .875rem; }
  .alarm { padding-left: .75rem; border-left: 3px solid var(--alarm); color: var(--alarm); }
  label { display: block; margin-bottom: .25rem; font-weight: 600; }
  input { width: 100%; min-height: 2.75rem; margin-bottom: 1rem; padding: .5rem .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--card); color: inherit; font: inherit; }
  input[aria-invalid="true"] { border-color: var(--alarm); }
  input::-webkit-calendar-picker-indicator { opacity: .5; }
  button { width: 100%; min-height: 2.75rem; margin-top: .5rem; padding: .5rem; border: 0; border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  table { width: 100%; margin-top: 2rem; border-collapse: collapse; font-size: .875rem; }
  caption { padding-bottom: .25rem; color: var(--quiet); text-align: left; }
  th, td { padding: .375rem 0; border-top: 1px solid var(--line); text-align: left; font-weight: 400; }
  th { width: 5rem; font-family: ui-monospace, monospace; }
  @media (max-width: 32rem) { body { padding: 0; background: var(--card); } main { padding: 1.5rem 1rem; border: 0; border-radius: 0; } }
`;

/**
 * For every page here. There is no `form-action`: browsers apply it to the whole chain of redirects after the form, and
 * that chain ends at whatever address the MCP client listens on.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The sign-in page: one form, posted to where it came from. */
export function loginPage(refused?: string): Promise<string> {
  return page(
    'Sign in',
    html`<h1>Sign in</h1>
      <p class="quiet">The local identity provider. It runs on this machine only; any password will do.</p>
      ${refused === undefined ? '' : html`<p class="alarm" role="alert" id="refused">There is nobody called “${refused}” here. Choose one of the four below.</p>`}
      <form method="post">
        <label for="login">Name</label>
        <input id="login" name="login" required autofocus autocomplete="username" autocapitalize="none" spellcheck="false" list="people" ${refused === undefined ? '' : raw('aria-invalid="true" aria-describedby="refused"')}>
        <datalist id="people">${PEOPLE.map(({ login }) => html`<option value="${login}"></option>`)}</datalist>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password">
        <button type="submit">Sign in</button>
      </form>
      <table>
        <caption>Who can sign in</caption>
        ${PEOPLE.map((person) => html`<tr><th scope="row">${person.login}</th><td>${describePerson(person)}</td></tr>`)}
      </table>`,
  );
}

/** A page for a sign-in that cannot go on. */
export function errorPage(what: string, details = ''): Promise<string> {
  return page(
    'Sign-in stopped',
    html`<h1>Sign-in stopped</h1>
      <p>${what}</p>
      ${details === '' ? '' : html`<p class="quiet">${details}</p>`}
      <p class="quiet">Go back to your MCP client and connect again.</p>`,
  );
}

async function page(title: string, content: unknown): Promise<string> {
  const whole = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>${raw(STYLE)}</style>
  </head>
  <body>
    <main>
      ${content}
    </main>
  </body>
</html>`;
  return String(whole);
}

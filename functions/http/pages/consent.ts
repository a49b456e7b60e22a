import { html } from 'hono/html';
import type { ConsentView, Destination } from '../../core/oauth/consent.ts';
import { plainName } from '../../core/oauth/plain-name.ts';
import { document } from './document.ts';

/** What the form carries unseen: which sign-in it belongs to, and proof that it was this page. */
export type ConsentFields = { readonly transaction: string; readonly csrf: string };

/**
 * The consent page. The address comes first, because it is what a client cannot make up; its name comes after, marked.
 * "Deny" is the first button of the form, so that the Enter key does not agree to anything.
 */
export async function consentPage(view: ConsentView, fields: ConsentFields): Promise<string> {
  return document(
    'Allow access?',
    html`<h1>${asker(view.destination)} asks for access to <strong>${new URL(view.resource).host}</strong></h1>
<p>${calledItself(plainName(view.name))}</p>
${warning(view.destination)}${elsewhere(view)}
<form method="post" action="/consent">
<input type="hidden" name="transaction" value="${fields.transaction}">
<input type="hidden" name="csrf" value="${fields.csrf}">
<fieldset>
<legend>With your permission it can</legend>
<div class="scopes">
${view.scopes.map(
  ({ scope, words, includes }) =>
    html`<label><input type="checkbox" name="scope" value="${scope}" checked><span>${words}${included(includes)}<code>${scope}</code></span></label>
`,
)}</div>
</fieldset>
<dl>
<dt>The answer goes to</dt>
<dd>${address(view.redirectUri)}</dd>
<dt>Client id</dt>
<dd><code>${view.clientId}</code></dd>
<dt>Access to</dt>
<dd><code>${view.resource}</code></dd>
<dt>For how long</dt>
<dd>${
      view.staysConnected
        ? 'Until it goes unused for 30 days, 90 days at most. Your role limits what it can do.'
        : 'Ten minutes. Your role limits what it can do.'
    }</dd>
</dl>
<p class="next">Next you sign in with <strong>${view.provider}</strong>. Your password stays there.</p>
<div class="buttons">
<button name="decision" value="deny">Deny</button>
<button class="primary" name="decision" value="approve">Allow and sign in</button>
</div>
</form>`,
  );
}

/** A broad permission carries narrower ones, whether or not their boxes are ticked: so they are said where it is. */
function included(words: readonly string[]) {
  return words.length === 0 ? '' : ` (includes: ${words.join('; ')})`;
}

function asker(destination: Destination) {
  switch (destination.kind) {
    case 'website':
      return html`The website <strong>${destination.host}</strong>`;
    case 'computer':
      return html`An application on this computer (<strong>${destination.host}</strong>)`;
    case 'application':
      return html`The application that opens <strong>${destination.scheme}:</strong> links on this computer`;
  }
}

/** The mark comes before the name, where no name, however long or stacked, can push it away or cover it. */
function calledItself(name: string | undefined) {
  if (name === undefined) return 'It gave no name.';
  return html`<span class="tag">Not verified</span> It calls itself <strong class="name"><bdi>${name}</bdi></strong>`;
}

/** Any program can listen on a port or claim a scheme (MCP security considerations, localhost redirects). */
function warning(destination: Destination) {
  if (destination.kind === 'website') return '';
  return html`<p class="warn">Any program on this computer could be the one that asks. Go on only if you started this yourself, just now.</p>`;
}

/** Who describes the client and who gets the answer are not the same: both are named, and that they differ is said. */
function elsewhere({ describedAt, redirectUri }: ConsentView) {
  if (describedAt === undefined) return '';
  return html`<p class="warn">The application is described at <strong>${describedAt}</strong>, and the answer goes to another host, <strong>${new URL(redirectUri).host}</strong>.</p>`;
}

/** The whole address, its host marked, wrapped and never cut: what stands at its end decides whose it is. */
function address(redirectUri: string) {
  const { host } = new URL(redirectUri);
  const at = host === '' ? -1 : redirectUri.indexOf(host);
  if (at < 0) return html`<code>${redirectUri}</code>`;
  const [before, after] = [redirectUri.slice(0, at), redirectUri.slice(at + host.length)];
  return html`<code>${before}<strong>${host}</strong>${after}</code>`;
}

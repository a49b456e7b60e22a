import { Browser, formOf, type Page } from './browser.ts';
import { credentialsOf } from './deployed-suite.ts';

export type Person = 'ada' | 'bob' | 'dan' | 'eve';

export type SignIn = {
  readonly as: Person;
  /** Scopes to leave ticked; all that the page offers when absent. */
  readonly scopes?: readonly string[];
  readonly decision?: 'approve' | 'deny';
  readonly browser?: Browser;
};

/**
 * What a person does between an application's authorize URL and its redirect URI: reads the consent page, ticks,
 * approves, signs in at the identity provider. Returns the address the browser was finally sent to, with its code or
 * error.
 */
export async function signIn(authorizeUrl: URL | string, redirectUri: string, options: SignIn): Promise<URL> {
  const browser = options.browser ?? new Browser();
  const home = (url: URL) => url.href.startsWith(redirectUri);

  const consent = page(await browser.open(authorizeUrl, home));
  const form = formOf(consent);
  if (options.scopes) {
    form.fields.delete('scope');
    for (const scope of options.scopes) form.fields.append('scope', scope);
  }
  form.fields.append('decision', options.decision ?? 'approve');
  const afterConsent = await browser.submit(form, home);
  if (afterConsent instanceof URL) return afterConsent;

  const login = formOf(afterConsent);
  const { login: name, password } = credentialsOf(options.as);
  // Cognito's page has other fields than the local one.
  login.fields.set(login.fields.has('username') ? 'username' : 'login', name);
  login.fields.set('password', password);
  const landed = await browser.submit(login, home);
  if (landed instanceof URL) return landed;
  throw new Error(`sign-in ended on ${landed.url.pathname} (${landed.status}): ${landed.html.slice(0, 400)}`);
}

function page(result: Page | URL): Page {
  if (result instanceof URL) throw new Error(`redirected to the application before any page: ${result.href}`);
  if (result.status !== 200)
    throw new Error(`${result.url.pathname} answered ${result.status}: ${result.html.slice(0, 400)}`);
  return result;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../infra/local/identity/identity-provider.ts';
import { shapeOf } from '../../infra/local/identity/shapes.ts';
import { openState } from '../../infra/local/state.ts';
import { Browser, formOf, type Page } from '../support/browser.ts';

const COGNITO = shapeOf({ kind: 'cognito', rolesClaim: '', rolesSeparator: 'none', tenantClaim: '' });
const REDIRECT_URI = 'http://localhost:3000/callback';
const CLIENT = { id: 'the-client', secret: 'a secret with % and : in it' };

const directory = mkdtempSync(join(tmpdir(), 'local-identity-'));
const OPTIONS = { port: 0, client: CLIENT, redirectUri: REDIRECT_URI, state: openState(directory), shape: COGNITO };
let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider(OPTIONS);
});
afterAll(async () => {
  await provider.close();
  rmSync(directory, { recursive: true });
});

function discover(auth = client.ClientSecretBasic(CLIENT.secret), clientId = CLIENT.id): Promise<client.Configuration> {
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(provider.url), clientId, undefined, auth, options);
}

type Attempt = { config: client.Configuration; checks: client.AuthorizationCodeGrantChecks; url: URL };

async function begin(config: client.Configuration, extra: Record<string, string> = {}): Promise<Attempt> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...extra,
  });
  return { config, url, checks: { pkceCodeVerifier, expectedState, expectedNonce } };
}

const home = (url: URL) => url.href.startsWith(REDIRECT_URI);

function isPage(result: Page | URL): Page {
  if (result instanceof URL) throw new Error(`no page, but ${result.href}`);
  return result;
}

async function signIn(
  login: string,
  browser = new Browser(),
  config?: client.Configuration,
  extra: Record<string, string> = {},
) {
  const attempt = await begin(config ?? (await discover()), extra);
  const form = formOf(isPage(await browser.open(attempt.url, home)));
  form.fields.set('login', login);
  form.fields.set('password', 'anything');
  const landed = await browser.submit(form, home);
  if (!(landed instanceof URL)) throw new Error(`still on ${landed.url.pathname}`);
  return await client.authorizationCodeGrant(attempt.config, landed, attempt.checks);
}

// First, because the library says what it has to say once in a process.
test('a start and a sign-in are not worth a word on the console', async () => {
  const said = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level));
  const second = await startIdentityProvider(OPTIONS);
  await second.close();
  await signIn('eve');
  for (const spy of said) expect(spy).not.toHaveBeenCalled();
});

test('ada signs in and her ID token says tenant and role as a Cognito user pool would', async () => {
  const tokens = await signIn('ada');
  expect(tokens.claims()).toEqual({
    iss: provider.url,
    aud: CLIENT.id,
    sub: 'ada',
    'cognito:username': 'ada',
    'cognito:groups': ['editor'],
    'custom:tenant': 'north',
    token_use: 'id',
    name: 'Ada',
    email: 'ada@example.com',
    email_verified: true,
    nonce: expect.any(String),
    auth_time: expect.any(Number),
    iat: expect.any(Number),
    exp: expect.any(Number),
  });
});

test.each([
  ['bob', ['reader'], 'north'],
  ['dan', ['editor'], 'south'],
  ['eve', undefined, undefined],
])('%s has the groups %o and the tenant %s', async (login, groups, tenant) => {
  const claims = (await signIn(login)).claims();
  expect([claims?.sub, claims?.['cognito:groups'], claims?.['custom:tenant']]).toEqual([login, groups, tenant]);
});

test('the scope openid alone is enough for role and tenant', async () => {
  const claims = (await signIn('ada', new Browser(), undefined, { scope: 'openid' })).claims();
  expect(claims).toMatchObject({ 'cognito:groups': ['editor'], 'custom:tenant': 'north' });
  expect(claims).not.toHaveProperty('email');
});

test('the same browser is asked again each time, and may be somebody else', async () => {
  const browser = new Browser();
  for (const login of ['ada', 'ada', 'dan', 'bob']) expect((await signIn(login, browser)).claims()?.sub).toBe(login);
});

test('a sign-in may be demanded anew, with its time in the token', async () => {
  const extra = { prompt: 'login', max_age: '0' };
  const browser = new Browser();
  for (const login of ['ada', 'ada']) {
    const { auth_time } = (await signIn(login, browser, undefined, extra)).claims() ?? {};
    expect(Math.abs(Date.now() / 1000 - Number(auth_time))).toBeLessThan(10);
  }
});

describe('the client', () => {
  test('may send its secret in the body', async () => {
    const config = await discover(client.ClientSecretPost(CLIENT.secret));
    expect((await signIn('ada', new Browser(), config)).claims()?.sub).toBe('ada');
  });

  test('with the wrong secret gets nothing', async () => {
    const config = await discover(client.ClientSecretBasic('wrong'));
    await expect(signIn('ada', new Browser(), config)).rejects.toMatchObject({ status: 401 });
  });

  test('with the wrong verifier gets nothing', async () => {
    const attempt = await begin(await discover());
    const browser = new Browser();
    const form = formOf(isPage(await browser.open(attempt.url, home)));
    form.fields.set('login', 'ada');
    const landed = (await browser.submit(form, home)) as URL;
    const checks = { ...attempt.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await expect(client.authorizationCodeGrant(attempt.config, landed, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('may spend a code once', async () => {
    const attempt = await begin(await discover());
    const browser = new Browser();
    const form = formOf(isPage(await browser.open(attempt.url, home)));
    form.fields.set('login', 'ada');
    const landed = (await browser.submit(form, home)) as URL;
    const { access_token } = await client.authorizationCodeGrant(attempt.config, landed, attempt.checks);
    const userinfo = () => client.fetchUserInfo(attempt.config, access_token, 'ada');
    expect(await userinfo()).toMatchObject({ sub: 'ada', 'cognito:groups': ['editor'] });
    const again = client.authorizationCodeGrant(attempt.config, landed, attempt.checks);
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(userinfo()).rejects.toMatchObject({ status: 401 });
  });

  test.each([
    ['another redirect URI', { redirect_uri: 'http://localhost:3000/elsewhere' }],
    ['another client id', { client_id: 'somebody' }],
  ])('with %s gets a page that says so, never a redirect', async (_, extra) => {
    const attempt = await begin(await discover(), extra);
    const page = isPage(await new Browser().open(attempt.url, () => false));
    expect(page.status).toBe(400);
    expect(page.html).toContain('Sign-in stopped');
  });

  test('that asks for no page is told a sign-in is needed', async () => {
    const attempt = await begin(await discover(), { prompt: 'none' });
    const landed = await new Browser().open(attempt.url, home);
    expect((landed as URL).searchParams.get('error')).toBe('login_required');
  });
});

describe('the login page', () => {
  async function open(): Promise<{ browser: Browser; page: Page }> {
    const browser = new Browser();
    return { browser, page: isPage(await browser.open((await begin(await discover())).url, home)) };
  }

  test('is one form with two fields, shows who there is, and needs nothing but itself', async () => {
    const { page } = await open();
    expect(page.html.match(/<form/g)).toHaveLength(1);
    expect([...formOf(page).fields.keys()]).toEqual(['login', 'password']);
    for (const row of [
      'ada</th><td>north, editor',
      'bob</th><td>north, reader',
      'dan</th><td>south, editor',
      'eve</th><td>no role',
    ]) {
      expect(page.html).toContain(row);
    }
    expect(page.html).not.toMatch(/<script|<link|<img|@import|url\(/);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+='; /);
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  test('says that somebody is not there, whatever they are called, and lets them try again', async () => {
    const { browser, page } = await open();
    const form = formOf(page);
    form.fields.set('login', '<b>mallory</b>');
    const again = isPage(await browser.submit(form, home));
    expect(again.status).toBe(400);
    expect(again.html).toContain('There is nobody called “&lt;b&gt;mallory&lt;/b&gt;” here.');
    expect(again.html).toContain('role="alert"');
    const second = formOf(again);
    second.fields.set('login', ' Ada ');
    expect(await browser.submit(second, home)).toBeInstanceOf(URL);
  });

  test('of a sign-in that was started in another browser is refused', async () => {
    const { page } = await open();
    const stranger = isPage(await new Browser().open(page.url, home));
    expect(stranger.status).toBe(400);
    expect(stranger.html).toContain('was started in another browser');
    const form = formOf(page);
    form.fields.set('login', 'ada');
    expect(isPage(await new Browser().submit(form, home)).status).toBe(400);
  });

  test('is not answered for another host', async () => {
    const { port, pathname } = new URL(`${provider.url}/.well-known/openid-configuration`);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      httpRequest({ host: '127.0.0.1', port, path: pathname, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

test('the keys survive a restart', async () => {
  const keysOf = async (url: string) => await (await fetch(`${url}/jwks`)).json();
  const second = await startIdentityProvider(OPTIONS);
  expect(await keysOf(second.url)).toEqual(await keysOf(provider.url));
  expect(JSON.stringify(await keysOf(second.url))).not.toContain('"d"');
  await second.close();
});

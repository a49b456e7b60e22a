import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { Browser, formOf } from '../support/browser.ts';
import { emfLines, extracted } from '../support/emf.ts';
import { expectDocumentedFields } from '../support/log-fields.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';
import { signedIn } from '../support/signed-in.ts';
import { type FlowCloud, startFlowCloud } from './support/t-flow.ts';
import { post, read } from './support/t-form.ts';

/** What holds for every request of a whole sign-in: what it writes into the log, what it costs, how it fails. */
let here: FlowCloud;

beforeAll(async () => {
  here = await startFlowCloud();
});
afterAll(() => here.close());

/** A browser that remembers every cookie and every hidden field it was ever given. */
class RememberingBrowser extends Browser {
  readonly secrets = new Set<string>();

  override async open(...[url, stopAt, init]: Parameters<Browser['open']>): ReturnType<Browser['open']> {
    const remember = (at: URL) => {
      for (const [name, value] of at.searchParams) {
        if (['code', 'state', 'code_challenge', 'nonce'].includes(name)) this.secrets.add(value);
      }
      return stopAt(at);
    };
    const landed = await super.open(url, remember, init);
    if (!(landed instanceof URL)) {
      for (const value of landed.html.matchAll(/name="(?:csrf|txn)"[^>]*value="([^"]+)"/g))
        this.secrets.add(value[1] ?? '');
      for (const line of landed.headers.getSetCookie()) this.secrets.add(line.split(';')[0]?.split('=')[1] ?? '');
    }
    return landed;
  }
}

describe('the log of a whole login', () => {
  test('X1 has who, through which client, which grant and which token, and no secret of it', async () => {
    const browser = new RememberingBrowser();
    const client = await here.register();
    const login = await here.login(client.id, 'ada', browser);
    const first = await here.redeem(login);
    const second = await here.refresh(client.id, first.refreshToken);
    // Refusals are logged with their reasons, so they are looked at too.
    const refusedWith = `${login.code.slice(0, -3)}xyz`;
    await post(`${here.cloud.issuer}/token`, {
      grant_type: 'authorization_code',
      client_id: client.id,
      code: refusedWith,
      code_verifier: login.verifier,
    });
    await post(`${here.cloud.issuer}/revoke`, { client_id: client.id, token: second.refreshToken });
    const mcp = (name: string, args: Readonly<Record<string, unknown>>, token: string) =>
      postMcp(here.cloud.mcpUrl, modernMessage('tools/call', { name, arguments: args }), token);
    await mcp('whoami', {}, second.accessToken);
    const writer = { name: 'Claude Code', redirectUri: 'http://localhost:3118/callback' };
    const asked = { as: 'ada', client: writer, scope: 'tickets:write' } as const;
    const { accessToken: writing } = await signedIn(here.cloud.issuer, asked);
    const sought = 'sought-among-customers';
    const noted = 'noted-on-a-ticket';
    await mcp('search_orders', { customer: sought }, second.accessToken);
    await mcp('add_ticket_note', { ticketId: 'T-1001', body: noted }, writing);
    // Refused in each of the ways that quote what was sent: not a tool, not its arguments, not this token's to ask.
    await mcp('no_such_tool', { customer: noted }, second.accessToken);
    await mcp('search_orders', { limit: noted }, second.accessToken);
    await mcp('add_ticket_note', { ticketId: sought, body: noted }, second.accessToken);
    await mcp('search_orders', { customer: sought }, `${second.accessToken}x`);

    const log = here.lines.join('\n');
    expectDocumentedFields(here.lines);
    // The lines with metrics are among those that are looked at.
    const counted = Object.keys(extracted(emfLines(here.lines)));
    expect(counted).toEqual(
      expect.arrayContaining(['SignInCompleted', 'ToolCallAllowed', 'ToolCallDenied', 'BearerRefused']),
    );
    const [grantId = '', ...codeSecrets] = login.code.split('.');
    const found = { clientId: client.id, grantId, jti: String(decodeJwt(first.accessToken).jti) };
    for (const [name, value] of Object.entries(found)) expect(log.includes(value), name).toBe(true);
    expect(log).toMatch(/"status":200/);

    const secrets: Record<string, readonly string[]> = {
      'a code': [login.code, refusedWith, ...codeSecrets],
      'a refresh token': [first, second].flatMap(({ refreshToken }) => [
        refreshToken,
        ...refreshToken.split('.').slice(1),
      ]),
      'an access token': [first.accessToken, second.accessToken, writing].flatMap((token) => [
        token,
        token.split('.')[2] ?? '',
      ]),
      'an argument of a tool': [sought, noted],
      'the verifier': [login.verifier],
      'the state': [login.state],
      'a cookie, a field or a parameter': [...browser.secrets].filter((value) => value.length >= 16),
      'the secret of the provider': [here.cloud.identityClient.secret],
    };
    for (const [name, values] of Object.entries(secrets)) {
      expect(values.length, name).toBeGreaterThan(0);
      for (const value of values) expect(log.includes(value), `${name}: ${value}`).toBe(false);
    }
    expect(log).not.toMatch(/eyJ[\w-]{10,}\.eyJ/);
    expect(log).not.toMatch(/[\w.+-]+@[\w-]+\.[a-z]{2,}/i);
  });
});

describe('the cost of a whole login', () => {
  test('COST from registration to the first refresh: 12 DynamoDB operations besides the audit rows, and exactly 2 signatures', async () => {
    here.cloud.endpoint.resetCounts();
    const client = await here.register('Never used before');
    const login = await here.login(client.id);
    const first = await here.redeem(login);
    await here.refresh(client.id, first.refreshToken);
    const counts = Object.entries(here.cloud.endpoint.counts());
    const byKind: Record<string, number> = {};
    for (const [name, count] of counts) {
      const kind = name
        .replace(/ (?:table|key|secret)[/:](?:.*-)?([A-Za-z]+?)[0-9A-F]{8}.*$/, ' $1')
        .replace(/ key\/.*/, '');
      byKind[kind] = (byKind[kind] ?? 0) + count;
    }
    expect(byKind).toMatchObject({
      // The registration.
      'dynamodb:PutItem Registry': 1,
      // The client, at the consent page and at the return; at the code and at the refresh together with the grant. Switched
      // off, it stops at each.
      'dynamodb:GetItem Registry': 2,
      'dynamodb:BatchGetItem Registry': 2,
      // The transaction and the grant.
      'dynamodb:PutItem Grants': 2,
      // Consent, return, code, refresh.
      'dynamodb:UpdateItem Grants': 4,
      // The end of a client that registered itself moves when it is first used, and then once a day.
      'dynamodb:UpdateItem Registry': 1,
      'kms:Sign': 2,
    });
    // Registration, consent, sign-in, code, refresh: a row each. And one for each environment that writes its first.
    const { 'dynamodb:ExecuteStatement AuditTable': rows = 0, ...others } = byKind;
    expect(rows).toBeGreaterThanOrEqual(5);
    expect(rows).toBeLessThanOrEqual(5 + 3);
    const total = Object.entries(others).filter(([kind]) => kind.startsWith('dynamodb:'));
    expect(
      total.reduce((sum, [, count]) => sum + count, 0),
      JSON.stringify(byKind),
    ).toBe(12);
  });
});

describe('pages', () => {
  const address = { state: 'x', code_challenge: 'A'.repeat(43) };

  test('X2 every page carries the headers that keep it from being framed, scripted, kept or sniffed', async () => {
    const client = await here.register();
    const { issuer } = here.cloud;
    const addresses: readonly (readonly [name: string, expected: number, url: string])[] = [
      ['consent', 200, here.authorizeUrl(client.id, address)],
      ['unknown client', 400, here.authorizeUrl('nobody', address)],
      ['no transaction', 403, `${issuer}/callback?state=x&code=y`],
      ['foreign redirect', 400, here.authorizeUrl(client.id, { ...address, redirect_uri: 'https://evil.example/cb' })],
    ];
    for (const [name, expected, url] of addresses) {
      const { status, headers, text } = await read(await fetch(url, { redirect: 'manual' }));
      expect([name, status]).toEqual([name, expected]);
      expect(headers.get('content-type')).toMatch(/^text\/html/);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe(name === 'consent' ? 'same-origin' : 'no-referrer');
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
      expect(text).not.toMatch(/<script|\son\w+=|https?:\/\/[^"'\s<]*\.(?:js|css|png)/i);
    }
  });
});

describe('what was not expected', () => {
  const broken = () => new AwsError('ValidationException', 'The table Grants has no such thing: secret detail', 400);

  test('X13 at the token endpoint is a 500 that tells an id, and the code is good afterwards', async () => {
    const client = await here.register();
    const login = await here.login(client.id);
    here.faults.failNext('dynamodb:UpdateItem', broken());
    const answer = await post(`${here.cloud.issuer}/token`, {
      grant_type: 'authorization_code',
      client_id: client.id,
      code: login.code,
      code_verifier: login.verifier,
    });
    expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
    expect(answer.text).not.toMatch(/secret detail|Validation|Grants|\bat /);
    expect(answer.text).toContain(String(answer.headers.get('apigw-requestid')));
    expect((await here.redeem(login)).body.token_type).toBe('Bearer');
  });

  test('X13 at the consent page is a 500, and the same form sent again goes on', async () => {
    const client = await here.register();
    const browser = new Browser();
    const never = () => false;
    const page = await browser.open(
      here.authorizeUrl(client.id, { state: 'x', code_challenge: 'A'.repeat(43) }),
      never,
    );
    if (page instanceof URL) throw new Error('no page');
    const form = formOf(page);
    form.fields.append('decision', 'approve');
    here.faults.failNext('dynamodb:UpdateItem', broken());
    const failed = await browser.submit(form, never);
    expect(failed).toMatchObject({
      status: 500,
      html: expect.not.stringMatching(/secret detail|Validation|\bat \S+:/),
    });
    const again = await browser.submit(form, never);
    expect(again).toMatchObject({
      status: 200,
      url: expect.objectContaining({ port: expect.not.stringContaining(new URL(here.cloud.issuer).port) }),
    });
  });
});

describe('addresses', () => {
  test.each(['/', '/admin', '/token/', '/token/x', '/TOKEN', '/.env', '/introspect', '/userinfo'])(
    'X14 %s is not there',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const { status, text } = await read(await fetch(`${here.cloud.issuer}${path}`, { method }));
        expect([status, text]).toEqual([404, '{"message":"Not Found"}']);
      }
    },
  );

  test.each([
    ['/token', 'GET', 'POST'],
    ['/revoke', 'GET', 'POST'],
    ['/register', 'GET', 'POST'],
    ['/consent', 'GET', 'POST'],
    ['/authorize', 'DELETE', 'GET'],
    ['/callback', 'DELETE', 'GET'],
    ['/.well-known/jwks.json', 'DELETE', 'GET'],
  ])('X14 %s answers 405 to %s and says %s', async (path, method, allow) => {
    const { status, headers, text } = await read(await fetch(`${here.cloud.issuer}${path}`, { method }));
    expect(status).toBe(405);
    expect(headers.get('allow')?.split(', ')).toContain(allow);
    expect(text.length).toBeLessThan(2_000);
  });
});

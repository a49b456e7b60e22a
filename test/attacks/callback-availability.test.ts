import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { location } from '../support/authorization-server.ts';
import { json, startIdentityServer } from '../support/identity-server.ts';
import { type AuthorizationCloud, expectRedirected, startAuthorizationCloud } from './support/q-authorization.ts';

/** GET /callback with an identity provider that does not answer sensibly: the client hears it soon, and may try again. */
let cloud: AuthorizationCloud;

beforeAll(async () => {
  cloud = await startAuthorizationCloud();
});
afterAll(() => cloud.close());
beforeEach(() => cloud.provider.answer(undefined));

const back = (state: string) => new URLSearchParams({ code: 'upstream', state }).toString();

/** Comes back to a provider whose token endpoint does this. Returns how long it took, in milliseconds. */
async function expectUnavailable(answer: (response: ServerResponse, token: string) => unknown): Promise<number> {
  const { id, state, nonce, cookies } = await cloud.agreed();
  const token = cloud.provider.idToken({ nonce });
  cloud.provider.answer((_, response) => void answer(response, token));
  cloud.forget();
  const began = performance.now();
  const redirected = await cloud.callback(back(state), cookies);
  const took = performance.now() - began;
  expectRedirected(redirected, 'temporarily_unavailable', { issuer: cloud.issuer });
  expect(cloud.writes()).toEqual(['dynamodb:UpdateItem']);
  expect((await cloud.transaction(id))?.st).toEqual({ S: 'done' });
  return took;
}

const tokens = (id_token: string) => ({ access_token: 'x', token_type: 'Bearer', id_token });

describe('the token endpoint of the provider', () => {
  test.each<[string, (response: ServerResponse, token: string) => unknown]>([
    ['500', (response) => json(response, 500, {})],
    ['500 with tokens', (response, token) => json(response, 500, tokens(token))],
    ['a web page', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['half of a JSON', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id_')],
    ['10 MB', (response, token) => json(response, 200, { ...tokens(token), padding: 'x'.repeat(10_000_000) })],
    ['a token that is none', (response) => json(response, 200, tokens('not.a.token'))],
    ['a broken connection', (response) => response.destroy()],
  ])('U17 that answers %s is told as unavailable', async (_, answer) => {
    expect(await expectUnavailable(answer)).toBeLessThan(5_000);
  });

  test('U17 that redirects is not followed: our secret goes nowhere else', async () => {
    const elsewhere = await startIdentityServer();
    for (const status of [302, 303, 307, 308]) {
      const redirect = { location: `${elsewhere.issuer}/token` };
      await expectUnavailable((response) => response.writeHead(status, redirect).end());
    }
    expect(elsewhere.seen.token).toEqual([]);
    await elsewhere.close();
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['says nothing', () => {}],
    ['never ends', (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{')],
  ])('U17 that %s is given up after five seconds', async (_, answer) => {
    const took = await expectUnavailable(answer);
    expect(took).toBeGreaterThan(4_000);
    expect(took).toBeLessThan(6_500);
  });

  test('U17 that works again is used again', async () => {
    await expectUnavailable((response) => json(response, 503, {}));
    const { state, nonce, cookies } = await cloud.agreed();
    cloud.provider.issue(cloud.provider.idToken({ nonce }));
    expect(new URL(location(await cloud.callback(back(state), cookies))).searchParams.has('code')).toBe(true);
  });
});

test('U11 another iss is refused, though this provider promises none, and its code is not redeemed', async () => {
  const { state, nonce, cookies } = await cloud.agreed();
  cloud.provider.issue(cloud.provider.idToken({ nonce }));
  const asked = cloud.provider.seen.token.length;
  const answer = await cloud.callback(`${back(state)}&iss=${encodeURIComponent('https://evil.example')}`, cookies);
  expectRedirected(answer, 'access_denied', { issuer: cloud.issuer });
  expect(cloud.provider.seen.token.length).toBe(asked);
});

test('U19 a flood of tokens with unknown keys makes one fetch of the keys at most', async () => {
  const comeBack = async (kid?: string) => {
    const { state, nonce, cookies } = await cloud.agreed();
    cloud.provider.issue(cloud.provider.idToken({ nonce }, kid === undefined ? {} : { kid }));
    return new URL(location(await cloud.callback(back(state), cookies))).searchParams;
  };
  expect((await comeBack()).has('code')).toBe(true);
  const fetched = cloud.provider.seen.jwks;
  for (let i = 0; i < 20; i++) expect((await comeBack(`random-${i}`)).get('error')).toBe('access_denied');
  expect(cloud.provider.seen.jwks - fetched).toBeLessThanOrEqual(1);
  expect((await comeBack()).has('code')).toBe(true);
});

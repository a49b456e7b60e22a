import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClient } from '../support/builders.ts';
import { accessTokenOf, expectRefused, refreshTokenOf } from './support/t-form.ts';
import { nowSeconds, REDIRECT_URI, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** The authorization code at /token, one request at a time. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

describe('a code', () => {
  test('T1 POSITIVE becomes a token pair with one write', async () => {
    const { grant, code } = await here.mintCode();
    here.writes();
    const answer = await here.redeem(code);
    expect(answer.status).toBe(200);
    expect(here.writes()).toBe(1);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(answer.body).toEqual({
      access_token: accessTokenOf(answer),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'orders:read tickets:read',
      refresh_token: refreshTokenOf(answer),
    });
    expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '0' } });
  });

  test('T2 POSITIVE is redeemed at the loopback port it was asked for', async () => {
    const redirectUri = 'http://127.0.0.1:51234/cb';
    const { code } = await here.mintCode({ redirectUri });
    expect((await here.redeem(code, { redirect_uri: redirectUri })).status).toBe(200);
  });

  test.each([
    ['missing', undefined, 'invalid_request'],
    ['empty', '', 'invalid_request'],
    ['garbage', 'garbage', 'invalid_grant'],
    ['of 10 kB', 'a'.repeat(10_000), 'invalid_grant'],
    ['one part short', `${'A'.repeat(22)}.${'B'.repeat(43)}`, 'invalid_grant'],
    ['one part long', `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(43)}.D`, 'invalid_grant'],
    ['one character short', `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(42)}`, 'invalid_grant'],
    ['with the key separator', `GRANT#${'A'.repeat(16)}.${'B'.repeat(43)}.${'C'.repeat(43)}`, 'invalid_grant'],
  ])('T3 %s is refused without a write', async (_, code, error) => {
    here.writes();
    expectRefused(await here.redeem('', { code }), 400, error);
    expect(here.writes()).toBe(0);
  });

  test.each([
    ['61 s old', () => ({ codeExpires: nowSeconds() - 1 })],
    ['whose item is past its end', () => ({ codeExpires: nowSeconds() + 60, expires: nowSeconds() - 1 })],
  ])('T5 %s is refused while the table still has it', async (_, changes) => {
    const { grant, code } = await here.mintCode(changes());
    const before = await here.item(grant);
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expect(await here.item(grant)).toEqual(before);
  });

  test('T6 of one client is worth nothing to another, and stays good for its own', async () => {
    const { grant, code } = await here.mintCode();
    const before = await here.item(grant);
    const asOther = { client_id: 'client-b', redirect_uri: 'https://other.example/cb' };
    expectRefused(await here.redeem(code, asOther), 400, 'invalid_grant');
    expectRefused(await here.redeem(code, { client_id: 'client-b' }), 400, 'invalid_grant');
    expect(await here.item(grant)).toEqual(before);
    expect((await here.redeem(code)).status).toBe(200);
  });

  test.each([
    ['another', REDIRECT_URI, 'https://client.example/other'],
    ['another that is registered', REDIRECT_URI, 'http://127.0.0.1:4000/cb'],
    ['another spelling', REDIRECT_URI, `${REDIRECT_URI}/`],
    ['another loopback port', 'http://127.0.0.1:51234/cb', 'http://127.0.0.1:51235/cb'],
  ])('T7 with %s redirect URI is refused and unspent', async (_, redirectUri, sent) => {
    const { code } = await here.mintCode({ redirectUri });
    here.writes();
    expectRefused(await here.redeem(code, { redirect_uri: sent }), 400, 'invalid_grant');
    expect(here.writes()).toBe(0);
    expect((await here.redeem(code, { redirect_uri: redirectUri })).status).toBe(200);
  });

  test('T7 POSITIVE without redirect_uri is redeemed, as OAuth 2.1 clients do', async () => {
    const { code } = await here.mintCode();
    expect((await here.redeem(code, { redirect_uri: undefined })).status).toBe(200);
  });

  test.each([
    ['missing', undefined, 'invalid_request'],
    ['empty', '', 'invalid_request'],
    ['another', 'x'.repeat(43), 'invalid_grant'],
    ['too short', 'x', 'invalid_grant'],
    ['too long', 'x'.repeat(129), 'invalid_grant'],
  ])('T8 with a verifier that is %s is refused and unspent', async (_, code_verifier, error) => {
    const { code } = await here.mintCode();
    here.writes();
    expectRefused(await here.redeem(code, { code_verifier }), 400, error);
    expect(here.writes()).toBe(0);
    expect((await here.redeem(code)).status).toBe(200);
  });

  test('T8 is no challenge: what went to the browser does not redeem it', async () => {
    const { grant, code } = await here.mintCode();
    expectRefused(await here.redeem(code, { code_verifier: grant.challenge }), 400, 'invalid_grant');
    expect((await here.redeem(code)).status).toBe(200);
  });
});

describe('a code that comes again', () => {
  test('T12 T15 revokes the family it minted, and after that changes nothing', async () => {
    const { grant, code } = await here.mintCode();
    const token = refreshTokenOf(await here.redeem(code));
    const known = here.lines.length;
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expect(here.lines.slice(known).join('\n')).toMatch(/"level":"WARN".*its grant is revoked/);
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
    expectRefused(await here.refresh(token), 400, 'invalid_grant');

    const after = await here.item(grant);
    here.writes();
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expect(here.writes()).toBe(0);
    expect(await here.item(grant)).toEqual(after);
  });

  test.each([
    ['without the verifier', { code_verifier: 'x'.repeat(43) }],
    ['from another client', { client_id: 'client-b' }],
    ['for another resource', { resource: 'https://evil.example/mcp' }],
  ])('T12 %s logs nobody out', async (_, changes) => {
    const { code } = await here.mintCode();
    const token = refreshTokenOf(await here.redeem(code));
    expect((await here.redeem(code, changes)).status).toBe(400);
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('T12 with a guessed secret logs nobody out', async () => {
    const { code } = await here.mintCode();
    const token = refreshTokenOf(await here.redeem(code));
    expectRefused(await here.redeem(code.replace(/[^.]+$/, 'A'.repeat(43))), 400, 'invalid_grant');
    expect((await here.refresh(token)).status).toBe(200);
  });
});

describe('what a code does not become', () => {
  test('T21 a refresh token, when its client did not register for one', async () => {
    await here.enrol(aClient({ id: 'client-once', grantTypes: ['authorization_code'] }));
    const client_id = 'client-once';
    const { grant, code } = await here.mintCode({ clientId: aClient({ id: client_id }).id });
    const answer = await here.redeem(code, { client_id });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('refresh_token');
    // What is left of it ends with the access token, and the code is no refresh token either.
    expect(Number((await here.item(grant)).abs?.N)).toBeLessThanOrEqual(nowSeconds() + 600);
    expectRefused(await here.refresh(code, { client_id }), 400, 'unauthorized_client');
  });

  test('T22 a token, when the operator revoked the grant between consent and token', async () => {
    const { grant, code } = await here.mintCode({ status: 'revoked' });
    const before = await here.item(grant);
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expect(await here.item(grant)).toEqual(before);
  });

  test('T1 a refresh token: presented as one, it is refused and unspent', async () => {
    const { code } = await here.mintCode();
    expectRefused(await here.refresh(code), 400, 'invalid_grant');
    expect((await here.redeem(code)).status).toBe(200);
  });
});

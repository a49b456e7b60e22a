import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aClient } from '../support/builders.ts';
import {
  accessTokenOf,
  encode,
  expectRefused,
  expectUnavailable,
  type Posted,
  read,
  refreshTokenOf,
} from './support/t-form.ts';
import { rewind } from './support/t-rewind.ts';
import { startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** POST /revoke (RFC 7009). V13 is with the other races, in refresh-races.test.ts. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

function expectDone(answer: Posted): void {
  expect([answer.status, answer.text]).toEqual([200, '']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

/** The request is refused and the family lives (FU). */
async function refusedAndAlive(send: (token: string) => Promise<Posted>, status: number, error: string): Promise<void> {
  const { token } = await here.mintFamily();
  here.writes();
  expectRefused(await send(token), status, error);
  expect(here.writes()).toBe(0);
  expect((await here.refresh(token)).status).toBe(200);
}

describe('revocation', () => {
  test('V1 POSITIVE ends the family of the current refresh token', async () => {
    const { grant, token } = await here.mintFamily();
    const current = refreshTokenOf(await here.refresh(token));
    expectDone(await here.revoke({ token: current }));
    expectRefused(await here.refresh(current), 400, 'invalid_grant');
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  });

  test('V4 ends the family of a token that was rotated, however long ago', async () => {
    const { grant, token } = await here.mintFamily();
    const second = refreshTokenOf(await here.refresh(token));
    const third = refreshTokenOf(await here.refresh(second));
    await rewind(here, grant, 3_600);
    expectDone(await here.revoke({ token }));
    for (const each of [third, second]) expectRefused(await here.refresh(each), 400, 'invalid_grant');
  });

  test('V1 ends a grant whose code was never redeemed, when its client has the code', async () => {
    const { code } = await here.mintCode();
    expectDone(await here.revoke({ token: code }));
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
  });

  test.each([
    ['garbage', 'garbage'],
    ['the id of no grant', `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(43)}`],
    ['10 kB', 'x'.repeat(10_000)],
  ])('V2 of %s is the answer to success', async (_, token) => {
    expectDone(await here.revoke({ token }));
  });

  test('V2 of what is revoked already changes nothing', async () => {
    const { grant, token } = await here.mintFamily();
    expectDone(await here.revoke({ token }));
    const after = await here.item(grant);
    expectDone(await here.revoke({ token }));
    expect(await here.item(grant)).toEqual(after);
  });

  test.each([
    ['by another client', (token: string) => ({ token, client_id: 'client-b' })],
    [
      'with a guessed secret',
      (token: string) => ({ token: `${token.split('.')[0]}.${'A'.repeat(43)}.${'B'.repeat(43)}` }),
    ],
  ])('V2 %s tells nothing and revokes nothing', async (_, fields) => {
    const { grant, token } = await here.mintFamily();
    const before = await here.item(grant);
    expectDone(await here.revoke(fields(token)));
    expect(await here.item(grant)).toEqual(before);
    expect((await here.refresh(token)).status).toBe(200);
  });

  test.each(['foo', 'access_token', 'refresh_token'])('V8 takes no notice of the hint %s', async (token_type_hint) => {
    const { token } = await here.mintFamily();
    expectDone(await here.revoke({ token, token_type_hint }));
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
  });
});

describe('what is refused', () => {
  test.each([undefined, 'access_token'])('V6 an access token (hint: %s), and nothing is revoked', async (hint) => {
    const { code } = await here.mintCode();
    const pair = await here.redeem(code);
    here.writes();
    const answer = await here.revoke({ token: accessTokenOf(pair), token_type_hint: hint });
    expectRefused(answer, 400, 'unsupported_token_type');
    expect(here.writes()).toBe(0);
    expect((await here.refresh(refreshTokenOf(pair))).status).toBe(200);
  });

  test.each([
    ['no token', () => ({})],
    ['an empty token', () => ({ token: '' })],
    ['two tokens', (token: string) => ({ token: [token, token] })],
    ['two clients', (token: string) => ({ token, client_id: ['client-a', 'client-a'] })],
  ])('V9 %s', async (_, fields) => {
    await refusedAndAlive((token) => here.revoke(fields(token)), 400, 'invalid_request');
  });

  test('V10 no client_id', async () => {
    await refusedAndAlive((token) => here.revoke({ token, client_id: undefined }), 401, 'invalid_client');
  });

  test('V10 a client that was disabled', async () => {
    const client = aClient({ id: 'client-off', status: 'off' });
    await here.enrol(client);
    const { grant, token } = await here.mintFamily({ clientId: client.id });
    const before = await here.item(grant);
    expectRefused(await here.revoke({ token, client_id: client.id }), 401, 'invalid_client');
    expect(await here.item(grant)).toEqual(before);
  });

  test.each(['GET', 'PUT', 'DELETE'])('V11 %s', async (method) => {
    const { token } = await here.mintFamily();
    const query = encode({ token, client_id: 'client-a' });
    const answer = await read(await fetch(`${here.cloud.issuer}/revoke?${query}`, { method }));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('V11 a JSON body', async () => {
    const send = (token: string) =>
      here.revoke({}, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
    await refusedAndAlive(send, 400, 'invalid_request');
  });

  test('V11 parameters in the address', async () => {
    const send = async (token: string) => {
      const query = encode({ token, client_id: 'client-a' });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return read(await fetch(`${here.cloud.issuer}/revoke?${query}`, { method: 'POST', headers, body: query }));
    };
    await refusedAndAlive(send, 400, 'invalid_request');
  });

  test.each([
    ['a client with a key and without an assertion', 'client-key', {}, 401],
    ['a client without a key and with a secret', 'client-a', { client_secret: 'x' }, 401],
  ] as const)('V12 %s', async (_, id, fields, status) => {
    if (id === 'client-key') await here.enrol(aClient({ id, authentication: 'private_key_jwt' }));
    const { grant, token } = await here.mintFamily({ clientId: aClient({ id }).id });
    const before = await here.item(grant);
    expectRefused(await here.revoke({ token, client_id: id, ...fields }), status, 'invalid_client');
    expect(await here.item(grant)).toEqual(before);
  });
});

test('V14 a table that is down is 503, and the family is as it was', async () => {
  const { grant, token } = await here.mintFamily();
  const before = await here.item(grant);
  here.faults.failNext('dynamodb:UpdateItem', new AwsError('InternalServerError', 'down', 500), 3);
  expectUnavailable(await here.revoke({ token }));
  expect(await here.item(grant)).toEqual(before);
  expect((await here.refresh(token)).status).toBe(200);
  expectDone(await here.revoke({ token }));
});

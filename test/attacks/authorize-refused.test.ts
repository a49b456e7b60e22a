import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { AUTHORIZE } from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';
import { type AuthorizationCloud, expectLocal, startAuthorizationCloud } from './support/q-authorization.ts';

/**
 * GET /authorize while nobody has proven where an answer may go: every refusal ends on a page that leads nowhere, and
 * no table changes.
 */
let cloud: AuthorizationCloud;

beforeAll(async () => {
  const past = Math.floor(Date.now() / 1000) - 1;
  cloud = await startAuthorizationCloud([
    aClient({ id: 'client-off', status: 'off' }),
    aClient({ id: 'client-expired', expires: past }),
  ]);
});
afterAll(() => cloud.close());
beforeEach(() => cloud.forget());

const evil = 'https://evil.example/cb';

describe('an unknown client or address is told to nobody', () => {
  test.each([
    ['A3 no client_id', { client_id: undefined }],
    ['A3 an empty client_id', { client_id: '' }],
    ['A3 an unknown client_id', { client_id: 'nobody' }],
    ['A3 a client_id that is a key of another item', { client_id: 'client-a#x' }],
    ['A3 an expired client', { client_id: 'client-expired' }],
    ['A3 a disabled client', { client_id: 'client-off' }],
  ])('%s is invalid_client, on a page', async (_, changes) => {
    const answer = await cloud.authorize(changes);
    expectLocal(answer);
    expect(answer.body).toContain('invalid_client');
    expect(cloud.writes()).toEqual([]);
  });

  test.each([
    ['A4 an address that is not registered', { redirect_uri: evil }],
    ['A4 an address with a script', { redirect_uri: 'javascript:alert(1)' }],
    ['A5 no redirect_uri', { redirect_uri: undefined }],
    ['A5 an empty redirect_uri', { redirect_uri: '' }],
    ['A6 dot segments', { redirect_uri: 'https://client.example/cb/../x' }],
    ['A6 a longer path', { redirect_uri: 'https://client.example/cb/x' }],
    ['A6 a query', { redirect_uri: 'https://client.example/cb?x=1' }],
    ['A6 a trailing slash', { redirect_uri: 'https://client.example/cb/' }],
    ['A6 an encoded dot', { redirect_uri: 'https://client.example/%2e/cb' }],
    ['A6 an upper-case host', { redirect_uri: 'https://CLIENT.example/cb' }],
    ['A6 an upper-case path', { redirect_uri: 'https://client.example/CB' }],
    ['A6 the default port', { redirect_uri: 'https://client.example:443/cb' }],
    ['A6 an empty fragment', { redirect_uri: 'https://client.example/cb#' }],
    ['A7 a longer host', { redirect_uri: 'https://client.example.evil.com/cb' }],
    ['A7 the host as a user', { redirect_uri: 'https://client.example@evil.com/cb' }],
    ['A7 the address inside a path', { redirect_uri: 'https://evil.com/https://client.example/cb' }],
    ['A10 the address of another client', { redirect_uri: 'https://other.example/cb' }],
    ['A2 another path on a loopback port', { redirect_uri: 'http://127.0.0.1:9/other' }],
    ['A2 a loopback address that was not registered', { redirect_uri: 'http://127.0.0.2:4000/cb' }],
    ['A28 two addresses', { redirect_uri: [AUTHORIZE.redirect_uri, evil] }],
    ['A28 two clients', { client_id: ['client-a', 'client-b'] }],
  ])('%s ends on a page, whatever else is wrong', async (_, changes) => {
    for (const more of [{}, { response_type: 'token', scope: 'admin' }]) {
      expectLocal(await cloud.authorize({ ...more, ...changes }));
    }
    expect(cloud.writes()).toEqual([]);
  });

  test.each([
    ['A38 a URL of more than 8 kB', { foo: 'x'.repeat(8600) }],
    ['A38 500 parameters', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, '1']))],
  ])('%s ends on a page', async (_, changes) => {
    expectLocal(await cloud.authorize(changes));
    expect(cloud.writes()).toEqual([]);
  });
});

describe('the address of the server itself', () => {
  test('A36 POST /authorize with the same parameters is 405, and says GET', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const inQuery = await cloud.send(`/authorize?${cloud.queryOf()}`, { method });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const inBody = await cloud.send('/authorize', { method, headers, body: cloud.queryOf() });
      for (const { status, headers: got } of [inQuery, inBody]) expect([status, got.allow]).toEqual([405, 'GET']);
    }
    expect(cloud.writes()).toEqual([]);
  });

  test('A44 no other origin may read an answer, with a preflight or without', async () => {
    const origin = { origin: 'https://evil.example' };
    const preflight = { ...origin, 'access-control-request-method': 'GET' };
    const answers = [
      await cloud.authorize({}, { headers: origin }),
      await cloud.authorize({ client_id: 'nobody' }, { headers: origin }),
      await cloud.send('/authorize', { method: 'OPTIONS', headers: preflight }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 405]);
    for (const { headers } of answers) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('A45 a registry that cannot be read is 503 on a page', async () => {
    cloud.faults.failNext('dynamodb:GetItem', new AwsError('ThrottlingException', 'Rate exceeded'), 3);
    const answer = await cloud.authorize();
    expectLocal(answer, 503);
    expect(answer.headers).toHaveProperty('retry-after');
    expect(cloud.writes()).toEqual([]);
    expect((await cloud.authorize()).status).toBe(200);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aClient } from '../support/builders.ts';
import { type AuthorizationCloud, expectRedirected, startAuthorizationCloud } from './support/q-authorization.ts';

/** GET /authorize once the redirect URI is proven: the client is told, in the query, with its state and our name. */
let cloud: AuthorizationCloud;
let strangers: () => number;

beforeAll(async () => {
  cloud = await startAuthorizationCloud([aClient({ id: 'client-narrow', ceiling: ['orders:read'] })]);
  strangers = () => cloud.provider.seen.token.length;
});
afterAll(() => cloud.close());
beforeEach(() => cloud.forget());

const padded = (end: string) => `${'x'.repeat(43 - end.length)}${end}`;

describe('what is wrong with a request', () => {
  test.each([
    ['A14 no response_type', { response_type: undefined }, 'invalid_request'],
    ['A14 two response types', { response_type: ['code', 'code'] }, 'invalid_request'],
    ['A14 token', { response_type: 'token' }, 'unsupported_response_type'],
    ['A14 id_token', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['A14 code token', { response_type: 'code token' }, 'unsupported_response_type'],
    ['A14 none', { response_type: 'none' }, 'unsupported_response_type'],
    ['A15 no PKCE at all', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['A16 plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['A16 no method, which would mean plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['A16 s256', { code_challenge_method: 's256' }, 'invalid_request'],
    ['A16 S512', { code_challenge_method: 'S512' }, 'invalid_request'],
    ['A16 an empty method', { code_challenge_method: '' }, 'invalid_request'],
    ['A16 two methods', { code_challenge_method: ['S256', 'plain'] }, 'invalid_request'],
    ['A17 a challenge of 42', { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['A17 a challenge of 44', { code_challenge: 'x'.repeat(44) }, 'invalid_request'],
    ['A17 a challenge of 128', { code_challenge: 'x'.repeat(128) }, 'invalid_request'],
    ['A17 a padded challenge', { code_challenge: padded('=') }, 'invalid_request'],
    ['A17 a challenge with +', { code_challenge: padded('+') }, 'invalid_request'],
    ['A17 a challenge with /', { code_challenge: padded('/') }, 'invalid_request'],
    ['A17 a challenge outside ASCII', { code_challenge: padded('ä') }, 'invalid_request'],
    ['A18 S256 without a challenge', { code_challenge: undefined }, 'invalid_request'],
    ['A19 another origin', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['A19 a relative resource', { resource: '/mcp' }, 'invalid_target'],
    ['A19 no URL', { resource: 'mcp' }, 'invalid_target'],
    ['A23 only unknown scopes', { scope: 'admin root' }, 'invalid_scope'],
    ['A23 beyond what the client may have', { client_id: 'client-narrow', scope: 'tickets:read' }, 'invalid_scope'],
    ['A25 a scope in quotes', { scope: 'orders:read "x"' }, 'invalid_scope'],
    ['A25 a line break', { scope: 'orders:read\r\nSet-Cookie: a=b' }, 'invalid_scope'],
    ['A25 a scope of 10 kB', { scope: 'x'.repeat(9_000) }, 'invalid_scope'],
    ['A25 a scope twice', { scope: 'orders:read orders:read' }, 'invalid_scope'],
    ['A31 a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['A32 fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['A32 form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['A32 web_message', { response_mode: 'web_message' }, 'invalid_request'],
    ['A32 jwt', { response_mode: 'jwt' }, 'invalid_request'],
    ['A33 prompt=none', { prompt: 'none' }, 'interaction_required'],
    ['A33 prompt=login none', { prompt: 'login none' }, 'interaction_required'],
  ])('%s goes back to the client as its error', async (_, changes, error) => {
    const answer = await cloud.authorize(changes);
    expectRedirected(answer, error, { issuer: cloud.issuer });
    expect(answer.cookies).toEqual([]);
    expect(cloud.writes()).toEqual([]);
  });

  test.each(['/other', '/MCP', '/mcp/x', '/mcp?x=1', '/mcp#x', '/x/../mcp', '/', ''])(
    'A19 %s of our own origin is another resource',
    async (path) => {
      const resource = new URL(cloud.resource).origin + path;
      expectRedirected(await cloud.authorize({ resource }), 'invalid_target', { issuer: cloud.issuer });
      expect(cloud.writes()).toEqual([]);
    },
  );

  test('A20 of two resources none counts, not even ours', async () => {
    for (const other of ['https://evil.example/mcp', cloud.resource]) {
      const answer = await cloud.authorize({ resource: [cloud.resource, other] });
      expectRedirected(answer, 'invalid_target', { issuer: cloud.issuer });
    }
    expect(cloud.writes()).toEqual([]);
  });

  test('A22 two trailing slashes are one too many', async () => {
    const answer = await cloud.authorize({ resource: `${cloud.resource}//` });
    expectRedirected(answer, 'invalid_target', { issuer: cloud.issuer });
    expect(cloud.writes()).toEqual([]);
  });

  test('A28 a state that came twice is not given back', async () => {
    const answer = await cloud.authorize({ state: ['a', 'b'] });
    expectRedirected(answer, 'invalid_request', { issuer: cloud.issuer, state: null });
    expect(cloud.writes()).toEqual([]);
  });

  test('A29 a state of 4 kB is an error, and given back all the same', async () => {
    const state = 'x'.repeat(4096);
    expectRedirected(await cloud.authorize({ state }), 'invalid_request', { issuer: cloud.issuer, state });
    expect(cloud.writes()).toEqual([]);
  });

  test('A31 the address of a request object is not fetched', async () => {
    const asked = strangers() + cloud.provider.seen.jwks;
    const request_uri = `${cloud.provider.issuer}/token`;
    const answer = await cloud.authorize({ request_uri });
    expectRedirected(answer, 'request_uri_not_supported', { issuer: cloud.issuer });
    expect(strangers() + cloud.provider.seen.jwks).toBe(asked);
    expect(cloud.writes()).toEqual([]);
  });

  test('A2 an error goes to the loopback port that was asked for', async () => {
    const redirect_uri = 'http://127.0.0.1:51234/cb';
    const answer = await cloud.authorize({ redirect_uri, response_type: 'token' });
    expectRedirected(answer, 'unsupported_response_type', { issuer: cloud.issuer, to: redirect_uri });
  });

  test('A45 a sign-in that cannot be written is told to the client, which is proven by then', async () => {
    cloud.faults.failNext('dynamodb:PutItem', new AwsError('ThrottlingException', 'Rate exceeded'), 3);
    const answer = await cloud.authorize();
    expectRedirected(answer, 'temporarily_unavailable', { issuer: cloud.issuer });
    expect(answer.cookies).toEqual([]);
    expect((await cloud.authorize()).status).toBe(200);
  });
});

import { randomBytes } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  drawInitialAccessToken,
  type InitialAccessToken,
  parseInitialAccessTokenId,
} from '../../functions/core/oauth/initial-access-token.ts';
import { openRegistryDesk, type RegistryDesk } from '../../infra/cli/clients/registry-desk.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { createFaults } from '../../infra/local/aws/faults.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { gatehouse, gatehouseJson, operatorTable } from './support/l-operator.ts';

const settings = { registration: { dcr: 'token', vetted: ['claude'] } };
const faults = createFaults();
const now = () => Math.floor(Date.now() / 1000);
let cloud: OwnCloud;
let desk: RegistryDesk;

beforeAll(async () => {
  cloud = await startOwnCloud({ settings, faults, identityProvider: false });
  desk = openRegistryDesk(operatorTable(cloud.directory, 'Registry'));
});
afterAll(() => cloud.close());

/** An invitation, as the operator's command writes it. */
async function invited(terms: Partial<Pick<InitialAccessToken, 'ceiling' | 'uses' | 'expires'>> = {}) {
  const drawn = drawInitialAccessToken(randomBytes, { ceiling: undefined, expires: now() + 3_600, ...terms });
  expect(await desk.invite(drawn.token)).toBe('done');
  return drawn;
}

async function register(authorization: string | undefined, more: Readonly<Record<string, unknown>> = {}, raw?: string) {
  const before = await desk.list();
  const response = await fetch(`${cloud.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: raw ?? JSON.stringify({ redirect_uris: ['https://client.example/cb'], client_name: 'Invited', ...more }),
  });
  const body = (await response.json()) as { client_id?: string; scope?: string; error?: string };
  const written = (await desk.list()).filter(({ id }) => before.every((entry) => entry.id !== id));
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body, written, response };
}

describe('an initial access token', () => {
  test('R36 POSITIVE the one the operator handed out registers a client, and only its digest is kept', async () => {
    const [given] = await gatehouseJson<{ invitation_id: string; initial_access_token: string }>(
      cloud.directory,
      ...['clients', 'invite', '--expires', '10m'],
    );
    const token = given?.initial_access_token ?? '';
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url')).toHaveLength(32);
    const { status, body, written } = await register(`bearer ${token}`);
    expect({ status, written: written.length }).toEqual({ status: 201, written: 1 });
    expect(written[0]?.client).toMatchObject({ id: body.client_id, source: 'dcr', ceiling: undefined });
    expect(written[0]?.client?.expires).toBeLessThanOrEqual(now() + 86_400);
    const { client, table } = operatorTable(cloud.directory, 'Registry');
    const Key = { pk: { S: `TOKEN#${given?.invitation_id}` } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
    expect(Object.keys(Item ?? {}).sort()).toEqual(['exp', 'h', 'pk', 'ttl']);
    expect(JSON.stringify(Item)).not.toContain(token.split('.')[1]);
  });

  test('R36 one for two clients lets two in, who may register again, and no third', async () => {
    const line = ['clients', 'invite', '--uses', '2'];
    const [given] = await gatehouseJson<{ initial_access_token: string; uses: number }>(cloud.directory, ...line);
    const answers = ['One', 'Two', 'One', 'Three', 'Two'].map((client_name) => async () => {
      const { status, written } = await register(`Bearer ${given?.initial_access_token}`, { client_name });
      return [status, written.length];
    });
    const found: (readonly number[])[] = [];
    for (const answer of answers) found.push(await answer());
    expect({ uses: given?.uses, found }).toEqual({
      uses: 2,
      found: [
        [201, 1],
        [201, 1],
        [201, 0],
        [401, 0],
        [201, 0],
      ],
    });
  });

  test('R35 metadata says where an invited client registers', async () => {
    const metadata = await fetch(`${cloud.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ registration_endpoint: `${cloud.issuer}/register` });
  });

  test.each([
    ['no header', undefined],
    ['another scheme', 'Basic Zm9vOmJhcg=='],
    ['a scheme that only begins like it', 'Bearerish abc'],
  ])('R36 %s: 401 with a challenge that names no error', async (_, authorization) => {
    const { status, challenge, body, written, response } = await register(authorization);
    expect({ status, error: body.error, written }).toEqual({ status: 401, error: 'invalid_token', written: [] });
    expect(challenge).toBe(`Bearer realm="${cloud.issuer}"`);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  const secret = 'A'.repeat(43);
  test.each<[string, () => Promise<string>]>([
    ['one that nobody issued', async () => `Bearer ${'A'.repeat(22)}.${secret}`],
    ['the id of a good one with another secret', async () => `Bearer ${(await invited()).token.id}.${secret}`],
    [
      'the digest that is kept of a good one',
      async () => {
        const { token } = await invited();
        return `Bearer ${token.id}.${token.secret}`;
      },
    ],
    [
      'one that expired a second ago, still in the table',
      async () => `Bearer ${(await invited({ expires: now() - 1 })).text}`,
    ],
    ['a good one with a character behind it', async () => `Bearer ${(await invited()).text}A`],
    ['two good ones', async () => `Bearer ${(await invited()).text}, Bearer ${(await invited()).text}`],
    ['an id that would be another item', async () => `Bearer CLIENT#aaaaaaaaaaaaaaa.${secret}`],
    ['an empty one', async () => 'Bearer'],
    [
      'one that the operator took back',
      async () => {
        const { token, text } = await invited();
        expect((await gatehouse(cloud.directory, 'clients', 'uninvite', '--', token.id)).code).toBe(0);
        return `Bearer ${text}`;
      },
    ],
  ])('R36 %s: 401 invalid_token, told alike, and nothing is written', async (_, made) => {
    const { status, challenge, body, written } = await register(await made());
    expect({ status, error: body.error, written }).toEqual({ status: 401, error: 'invalid_token', written: [] });
    expect(challenge).toBe(`Bearer realm="${cloud.issuer}", error="invalid_token"`);
  });

  test('R36 who was not invited gets nothing parsed: an unreadable body is a 401 too', async () => {
    expect(await register(undefined, {}, '{')).toMatchObject({ status: 401, written: [] });
    expect(await register(`Bearer ${(await invited()).text}`, {}, '{')).toMatchObject({ status: 400, written: [] });
  });

  test('R36 an item that the operator never wrote is no invitation', async () => {
    const id = parseInitialAccessTokenId('B'.repeat(22)) ?? '';
    const { client, table } = operatorTable(cloud.directory, 'Registry');
    await client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: `TOKEN#${id}` }, exp: { N: '1' } } }));
    expect(await register(`Bearer ${id}.${secret}`)).toMatchObject({ status: 401, written: [] });
  });

  test('R37 the table not answering while a token is looked up: 503, and nothing is written', async () => {
    const { text } = await invited();
    faults.failNext('dynamodb:GetItem', new AwsError('InternalServerError', 'broken', 500), 3);
    const { status, body, response, written } = await register(`Bearer ${text}`, { client_name: 'Unlucky' });
    expect({ status, error: body.error, written }).toEqual({
      status: 503,
      error: 'temporarily_unavailable',
      written: [],
    });
    expect(response.headers.get('retry-after')).toBe('2');
  });
});

describe('what a client may have that came with a token', () => {
  const within = async (ceiling: readonly string[], more: Readonly<Record<string, unknown>>) =>
    register(`Bearer ${(await invited({ ceiling })).text}`, more);

  test('R23 is within the token, whatever it asks for', async () => {
    const answer = await within(['orders:read'], { scope: 'orders:read tickets:write admin' });
    expect(answer).toMatchObject({ status: 201, body: { scope: 'orders:read' } });
    expect(answer.written[0]?.client?.ceiling).toEqual(['orders:read']);
  });

  test('R23 two tokens of different reach never make one client', async () => {
    const wish = { scope: 'orders:read', client_name: 'Twice invited' };
    const [narrow, wide] = [await within(['orders:read'], wish), await within(['orders:read', 'tickets:read'], wish)];
    expect(narrow.body.client_id).not.toBe(wide.body.client_id);
    expect(wide.written[0]?.client?.ceiling).toEqual(['orders:read', 'tickets:read']);
  });

  test.each([undefined, '', 'offline_access'])('R23 is the token when it asks for %j', async (scope) => {
    const answer = await within(['tickets:read'], { scope, client_name: `Asks for ${scope}` });
    expect(answer.status).toBe(201);
    expect(answer.written[0]?.client?.ceiling).toEqual(['tickets:read']);
  });

  test('R23 is nothing, so it is refused, when all it asks for is beyond the token', async () => {
    const answer = await within(['orders:read'], { scope: 'tickets:write' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' }, written: [] });
  });

  test('R23 a token for scopes that are no more gives none, not all', async () => {
    const answer = await within(['retired:scope'], { client_name: 'Late' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' }, written: [] });
  });
});

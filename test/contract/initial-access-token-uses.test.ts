import { randomBytes } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamoDbInitialAccessTokens } from '../../functions/adapters/dynamodb-initial-access-tokens.ts';
import { createDynamoDbRegistry } from '../../functions/adapters/dynamodb-registry.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { drawInitialAccessToken, type InitialAccessToken } from '../../functions/core/oauth/initial-access-token.ts';
import { initialAccessTokenItem, initialAccessTokenKey } from '../../functions/core/oauth/initial-access-token-item.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import { createOriginGate } from '../../functions/http/origin.ts';
import { createRegisterRoutes } from '../../functions/register/routes.ts';
import { createStoreTable, type DynamoDbServer, startFrontedDynalite, TABLE } from '../support/dynamodb-server.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { appended } from '../support/on-record.ts';
import { aContext, aRequest } from '../support/requests.ts';

/** How many clients may come with one invitation, whatever runs at once: one conditional update decides. */
let server: DynamoDbServer;
const clock = createFakeClock();

beforeAll(async () => {
  server = await startFrontedDynalite();
  await createStoreTable(server.client);
});
afterAll(() => server.close());

async function invited(terms: Partial<Pick<InitialAccessToken, 'uses' | 'expires'>>) {
  const drawn = drawInitialAccessToken(randomBytes, {
    ceiling: undefined,
    uses: undefined,
    expires: clock.seconds() + 3_600,
    ...terms,
  });
  await server.client.send(new PutItemCommand({ TableName: TABLE, Item: initialAccessTokenItem(drawn.token) }));
  const read = async () => {
    const Key = { pk: { S: initialAccessTokenKey(drawn.token.id) } };
    return (await server.client.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }))).Item;
  };
  return { ...drawn, read };
}

/** The registration endpoint over the real table. `admit` replaces the write of the client. */
function endpoint(admit?: ReturnType<typeof createDynamoDbRegistry>['admit']) {
  const table = createTable(server.client, TABLE);
  const registry = createDynamoDbRegistry(table);
  const routes = createRegisterRoutes({
    clock,
    registry: admit === undefined ? registry : { ...registry, admit },
    vetted: [],
    catalogue: ['orders:read'],
    audit: appended,
    issuer: 'https://mcp.example',
    origins: createOriginGate('https://mcp.example'),
    mode: 'token',
    tokens: createDynamoDbInitialAccessTokens(table),
  });
  return async (token: string, name: string, uri = 'https://client.example/cb') => {
    const body = JSON.stringify({ redirect_uris: [uri], client_name: name });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const log = aContext();
    const response = await routes(aRequest({ method: 'POST', path: '/register', headers, body }), log.context);
    return { status: response.status, headers: response.headers, body: JSON.parse(response.body ?? ''), log };
  };
}

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix} ${at}`);
const statuses = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status).sort();

describe('an invitation for a number of clients', () => {
  test('R36 of 50 that register at once with one for 3, 3 do, and the others are told what a wrong one is told', async () => {
    const register = endpoint();
    const { text, read } = await invited({ uses: 3 });
    const answers = await Promise.all(names(50, 'Racer').map((name) => register(text, name)));
    expect(statuses(answers)).toEqual([...Array(3).fill(201), ...Array(47).fill(401)]);
    const registered = answers.filter(({ status }) => status === 201).map(({ body }) => body.client_id);
    expect((await read())?.by?.SS?.sort()).toEqual(registered.sort());
    const refused = answers.find(({ status }) => status === 401);
    const wrong = await register(`${text.slice(0, 23)}${'A'.repeat(43)}`, 'Guesser');
    expect({ ...refused?.body, request_id: '' }).toEqual({ ...wrong.body, request_id: '' });
    expect(refused?.headers).toEqual(wrong.headers);
    expect(refused?.log.notes.join()).toMatch(/initial access token .{22} is not accepted \(used-up\)/);
  });

  test('R39 a client that registers again takes no further use, also when 20 of it do at once', async () => {
    const register = endpoint();
    const { text } = await invited({ uses: 2 });
    const again = await Promise.all(names(20, '').map(() => register(text, 'Hosted')));
    expect(statuses(again)).toEqual(Array(20).fill(201));
    expect((await register(text, 'Second')).status).toBe(201);
    expect((await register(text, 'Third')).status).toBe(401);
    expect((await register(text, 'Hosted')).status).toBe(201);
  });

  test('R37 a registration that is refused takes none, and one that a failing table stopped finds its own again', async () => {
    const { text } = await invited({ uses: 1 });
    expect((await endpoint()(text, 'Wrong address', 'http://evil.example/')).status).toBe(400);
    const down = endpoint(async () =>
      refuse({ reason: 'store-unavailable', operation: 'PutItem', detail: 'a table that is down' }),
    );
    expect((await down(text, 'Unlucky')).status).toBe(503);
    expect((await endpoint()(text, 'Unlucky')).status).toBe(201);
    expect((await endpoint()(text, 'Another')).status).toBe(401);
  });

  test('without a number any number may come, and nothing is counted', async () => {
    const { text, read } = await invited({});
    const answers = await Promise.all(names(12, 'Any').map((name) => endpoint()(text, name)));
    expect(statuses(answers)).toEqual(Array(12).fill(201));
    expect(await read()).not.toHaveProperty('by');
  });

  test('has no use left when it expired, or was taken back, after it was looked at', async () => {
    const tokens = createDynamoDbInitialAccessTokens(createTable(server.client, TABLE));
    const { token } = await invited({ uses: 1, expires: clock.seconds() });
    const gone = drawInitialAccessToken(randomBytes, { ceiling: undefined, uses: 1, expires: clock.seconds() + 60 });
    const register = endpoint();
    const client = (await register((await invited({})).text, 'Known')).body.client_id;
    expect(await tokens.use(token.id, client, clock.seconds())).toEqual(ok('used-up'));
    expect(await tokens.use(gone.token.id, client, clock.seconds())).toEqual(ok('used-up'));
    expect(await tokens.find(gone.token.id)).toEqual(ok(undefined));
  });
});

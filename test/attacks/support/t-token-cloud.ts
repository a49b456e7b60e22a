import { type AttributeValue, BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoDbGrants } from '../../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistryDesk } from '../../../functions/adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable, type Table } from '../../../functions/adapters/dynamodb-table.ts';
import type { Client } from '../../../functions/core/oauth/client.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import { type Family, type Grant, mintGrant } from '../../../functions/core/oauth/grant.ts';
import { DAY } from '../../../functions/core/oauth/lifetimes.ts';
import { drawTokenString, writeTokenString } from '../../../functions/core/oauth/token-string.ts';
import { createFaults, type Faults } from '../../../infra/local/aws/faults.ts';
import type { CloudOptions } from '../../../infra/local/cloud.ts';
import { aClient, aTransaction, random } from '../../support/builders.ts';
import { type OwnCloud, startOwnCloud } from '../../support/own-cloud.ts';
import { type Fields, type Posted, post } from './t-form.ts';
import { functionNamed, variablesOf } from './t-roles.ts';

/** The verifier of every code that is minted here. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const REDIRECT_URI = 'https://client.example/cb';

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Routes and clients that are throttled for people are not throttled for a barrier of fifty. */
const WIDE = {
  throttle: {
    token: { rate: 10_000, burst: 5_000 },
    authorize: { rate: 10_000, burst: 5_000 },
    register: { rate: 10_000, burst: 5_000 },
  },
  tokensPerClient: { rate: 10_000, burst: 5_000 },
  // Nobody calls a tool here, and a database takes longest to start.
  database: { kind: 'none' },
} as const;

export type TokenCloud = {
  readonly cloud: OwnCloud;
  readonly faults: Faults;
  readonly lines: readonly string[];
  readonly enrol: (client: Client) => Promise<void>;
  readonly disable: (id: Client['id']) => Promise<void>;
  /** A grant as /callback leaves it, written in the role of `authorize`, and the code that redeems it. */
  readonly mintCode: (changes?: Partial<Grant>) => Promise<{ readonly grant: Grant; readonly code: string }>;
  /** A grant whose code was redeemed, and its refresh token. */
  readonly mintFamily: (
    changes?: Partial<Omit<Grant, 'family'>>,
    family?: Partial<Family>,
  ) => Promise<{ readonly grant: Grant; readonly token: string }>;
  /** What the table holds of a grant, read in the role of `token`. */
  readonly item: (grant: Pick<Grant, 'id'>) => Promise<Readonly<Record<string, AttributeValue>>>;
  readonly putItem: (item: Record<string, AttributeValue>) => Promise<void>;
  readonly token: (fields: Fields, init?: RequestInit) => Promise<Posted>;
  readonly redeem: (code: string, changes?: Fields, init?: RequestInit) => Promise<Posted>;
  readonly refresh: (token: string, changes?: Fields, init?: RequestInit) => Promise<Posted>;
  readonly revoke: (fields: Fields, init?: RequestInit) => Promise<Posted>;
  /** Writes to any table since the last call of this. */
  readonly writes: () => number;
  /** Tables in the role of a function, for what a test does beside the functions. */
  readonly grantsAs: (name: string) => Table;
  readonly close: () => Promise<void>;
};

/** A cloud in this process whose token endpoint is tested without walking a sign-in for every code. */
export async function startTokenCloud(options: Partial<CloudOptions> = {}): Promise<TokenCloud> {
  const faults = createFaults();
  const lines: string[] = [];
  const cloud = await startOwnCloud({
    faults,
    identityProvider: false,
    onLog: (_, line) => void lines.push(line),
    ...options,
    settings: { ...WIDE, ...options.settings },
  });
  const { REGISTRY_TABLE = '', GRANTS_TABLE = '' } = variablesOf(cloud, 'token');
  const dynamodbAs = (name: string) =>
    createDynamoDbClient({
      url: cloud.endpoint.url,
      region: 'us-east-1',
      credentials: cloud.credentials.forFunction(functionNamed(cloud, name)),
    });
  const authorize = dynamodbAs('authorize');
  const tokens = dynamodbAs('token');
  const grants = createDynamoDbGrants(createTable(authorize, GRANTS_TABLE));
  const front = createDynamoDbRegistryDesk(createTable(dynamodbAs('register'), REGISTRY_TABLE));
  const desk = createDynamoDbRegistryDesk(createTable(tokens, REGISTRY_TABLE));

  const put = async (grant: Grant) => {
    const minted = await grants.mint(grant);
    if (!minted.ok) throw new Error(`the grant was not written: ${minted.error.detail}`);
  };
  const draw = (changes: Partial<Grant>) => {
    const now = nowSeconds();
    const transaction = aTransaction({
      redirectUri: REDIRECT_URI,
      challenge: digest(VERIFIER),
      resource: cloud.mcpUrl,
    });
    const identity = { subject: 'ada', roles: ['editor'], tenant: 'north' };
    const { grant, code } = mintGrant(transaction, identity, ['orders:read', 'tickets:read'], now, random);
    return { grant: { ...grant, ...changes }, code, now };
  };

  const token = (fields: Fields, init?: RequestInit) => post(`${cloud.issuer}/token`, fields, init);
  const started: TokenCloud = {
    cloud,
    faults,
    lines,
    enrol: async (client) => {
      const added = await front.enrol(client);
      if (!added.ok) throw new Error(`the client was not written: ${added.error.detail}`);
    },
    disable: async (id) => {
      const changed = await desk.disable(id);
      if (!changed.ok) throw new Error(`the client was not changed: ${changed.error.detail}`);
    },
    mintCode: async (changes = {}) => {
      const { grant, code } = draw(changes);
      await put(grant);
      return { grant, code };
    },
    mintFamily: async (changes = {}, family = {}) => {
      const { grant: unredeemed, now } = draw({});
      const first = drawTokenString(unredeemed.id, random);
      const grant: Grant = {
        ...unredeemed,
        status: 'active',
        familySecret: digest(first.familySecret),
        family: {
          current: digest(first.rotatingSecret),
          superseded: undefined,
          generation: 0,
          idleExpires: now + 30 * DAY,
          absoluteExpires: now + 90 * DAY,
          ...family,
        },
        expires: now + 30 * DAY,
        ...changes,
      };
      await put(grant);
      return { grant, token: writeTokenString(first) };
    },
    item: async ({ id }) => {
      const Key = { pk: { S: `GRANT#${id}` } };
      const wanted = { [GRANTS_TABLE]: { Keys: [Key], ConsistentRead: true } };
      const { Responses = {} } = await tokens.send(new BatchGetItemCommand({ RequestItems: wanted }));
      return Responses[GRANTS_TABLE]?.[0] ?? {};
    },
    putItem: async (item) => {
      await authorize.send(new PutItemCommand({ TableName: GRANTS_TABLE, Item: item }));
    },
    token,
    redeem: (code, changes = {}, init) =>
      token(
        {
          grant_type: 'authorization_code',
          client_id: 'client-a',
          redirect_uri: REDIRECT_URI,
          code_verifier: VERIFIER,
          code,
          ...changes,
        },
        init,
      ),
    refresh: (refreshToken, changes = {}, init) =>
      token({ grant_type: 'refresh_token', client_id: 'client-a', refresh_token: refreshToken, ...changes }, init),
    revoke: (fields, init) => post(`${cloud.issuer}/revoke`, { client_id: 'client-a', ...fields }, init),
    writes: () => {
      const counted = Object.entries(cloud.endpoint.counts()).filter(([name]) =>
        /:(?:Put|Update|Delete)Item/.test(name),
      );
      cloud.endpoint.resetCounts();
      return counted.reduce((sum, [, count]) => sum + count, 0);
    },
    grantsAs: (name) => createTable(dynamodbAs(name), GRANTS_TABLE),
    close: cloud.close,
  };
  await started.enrol(aClient());
  await started.enrol(aClient({ id: 'client-b', name: 'Other', redirectUris: ['https://other.example/cb'] }));
  return started;
}

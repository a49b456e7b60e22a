import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { createDynamoDbAssertions } from '../../../functions/adapters/dynamodb-assertions.ts';
import { createDynamoDbDocuments } from '../../../functions/adapters/dynamodb-documents.ts';
import { createDynamoDbGrants } from '../../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry, createDynamoDbRegistryDesk } from '../../../functions/adapters/dynamodb-registry.ts';
import { createDynamoDbRules, createDynamoDbRulesDesk } from '../../../functions/adapters/dynamodb-rules.ts';
import { createTable } from '../../../functions/adapters/dynamodb-table.ts';
import { createDynamoDbTokenBuckets } from '../../../functions/adapters/dynamodb-token-buckets.ts';
import { createDynamoDbTransactions } from '../../../functions/adapters/dynamodb-transactions.ts';
import { createSafeFetch } from '../../../functions/adapters/fetch-safely.ts';
import { fetchSparingly } from '../../../functions/adapters/fetch-sparingly.ts';
import { openAssertion } from '../../../functions/adapters/open-assertion.ts';
import { createAuthorizeRoutes } from '../../../functions/authorize/routes.ts';
import { createAllowance } from '../../../functions/core/oauth/allowance.ts';
import { withFetchedDocuments, withKeptDocuments } from '../../../functions/core/oauth/cimd/document-clients.ts';
import type { DocumentRule } from '../../../functions/core/oauth/cimd/rule.ts';
import { documentKey } from '../../../functions/core/oauth/cimd/store.ts';
import { ok } from '../../../functions/core/result.ts';
import type { HttpResponse } from '../../../functions/http/message.ts';
import { createOriginGate } from '../../../functions/http/origin.ts';
import { createTokenRoutes } from '../../../functions/token/routes.ts';
import * as served from '../../support/authorization-server.ts';
import { aClientId, aSigningKey, random } from '../../support/builders.ts';
import { json, startDocumentServer } from '../../support/document-server.ts';
import { createStoreTable, startFrontedDynalite, TABLE } from '../../support/dynamodb-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { appended } from '../../support/on-record.ts';
import { aContext, aRequest, FORM } from '../../support/requests.ts';

export const CLIENT_ID = 'https://client.example/app/client.json';
export const REDIRECT_URI = 'https://client.example/cb';

/** A rule for the address above, and the document a well-meaning client serves there. */
export const RULE: DocumentRule = { url: CLIENT_ID, redirectUris: [REDIRECT_URI], keysHost: 'keys.example' };
export const DOCUMENT = {
  client_id: CLIENT_ID,
  client_name: 'Example',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

export type DocumentFlow = Awaited<ReturnType<typeof startDocumentFlow>>;

/**
 * The authorize and token endpoints over the real adapters: DynamoDB, TLS, jose. Only what no test may have is replaced:
 * the resolver, where its addresses are dialled, and the identity provider.
 */
export async function startDocumentFlow() {
  const [dynamodb, host, key] = await Promise.all([startFrontedDynalite(), startDocumentServer(), aSigningKey()]);
  await createStoreTable(dynamodb.client);
  const table = createTable(dynamodb.client, TABLE);
  const clock = createFakeClock();
  const stored = createDynamoDbRegistry(table);
  const desk = createDynamoDbRulesDesk(table);
  const documents = {
    clock,
    rules: createDynamoDbRules(table),
    vetted: [],
    documents: createDynamoDbDocuments(table),
    issuer: served.ISSUER,
  };
  const shared = { clock, random, issuer: served.ISSUER, resource: served.RESOURCE };
  const registry = withKeptDocuments(stored, documents);
  const log = aContext();
  const token = createTokenRoutes({
    ...shared,
    registry: { ...stored, ...registry },
    grants: createDynamoDbGrants(table),
    assertions: createDynamoDbAssertions(table, random),
    openAssertion,
    allowance: createAllowance({ clock, buckets: createDynamoDbTokenBuckets(table), limit: served.PLENTY }),
    signer: key.signer,
    audit: appended,
    refreshGrace: 10,
    origins: createOriginGate(served.ISSUER),
  });
  /** A function's environment: what it remembers, it forgets when another takes its place. */
  const environment = () =>
    createAuthorizeRoutes({
      ...shared,
      registry,
      arriving: withFetchedDocuments(stored, {
        ...documents,
        fetch: fetchSparingly(createSafeFetch({ ...host.options, timeoutMs: 1_000 }), clock),
      }),
      transactions: createDynamoDbTransactions(table),
      grants: createDynamoDbGrants(table),
      identity: IDENTITY,
      audit: appended,
      scopes: served.SCOPES,
      defaultScope: ['orders:read', 'tickets:read'],
      roles: { editor: Object.keys(served.SCOPES) },
    });
  let authorize = environment();

  const asked = { ...served.AUTHORIZE, client_id: CLIENT_ID, redirect_uri: REDIRECT_URI };
  const form = (path: string, fields: served.Form, cookies: Readonly<Record<string, string>> = {}) =>
    aRequest({ method: 'POST', path, headers: FORM, body: served.encode(fields), cookies });
  const flow = {
    clock,
    host,
    log,
    /** Another environment, which remembers nothing; the tables stay. */
    restart: () => {
      authorize = environment();
    },
    rule: async (rule: DocumentRule, status: 'on' | 'off' = 'on') => {
      await desk.write(new URL(rule.url).host, { status, rules: [rule] });
    },
    disable: (id: string) => createDynamoDbRegistryDesk(table).disable(aClientId(id)),
    serve: (document: unknown, path = '/app/client.json', headers: Readonly<Record<string, string>> = {}) =>
      host.answers.set(path, json(document, headers)),
    authorize: (changes: served.Form = {}): Promise<HttpResponse> =>
      authorize(aRequest({ path: '/authorize', query: served.encode({ ...asked, ...changes }) }), log.context),
    /** A code, by way of the consent page, with every box left ticked. */
    code: async (changes: served.Form = {}): Promise<string> => {
      const page = served.readConsentPage(await flow.authorize(changes));
      const consent = form('/consent', { ...page.form, decision: 'approve' }, page.cookies);
      const approved = await authorize(consent, log.context);
      const state = new URL(served.location(approved)).searchParams.get('state') ?? '';
      const cookies = { ...page.cookies, ...served.cookiesOf(approved) };
      const back = aRequest({ path: '/callback', query: served.encode({ code: 'ada', state }), cookies });
      return new URL(served.location(await authorize(back, log.context))).searchParams.get('code') ?? '';
    },
    token: (fields: served.Form): Promise<HttpResponse> => token(form('/token', fields), log.context),
    redeem: (code: string, changes: served.Form = {}): Promise<HttpResponse> =>
      flow.token({ ...served.REDEEM, client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, code, ...changes }),
    refresh: (refreshToken: string, changes: served.Form = {}): Promise<HttpResponse> =>
      flow.token({ grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token: refreshToken, ...changes }),
    /** The document's item, as it stands in the table. */
    item: async (url = CLIENT_ID): Promise<Record<string, AttributeValue> | undefined> => {
      const Key = { pk: { S: documentKey(aClientId(url)) } };
      return (await dynamodb.client.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }))).Item;
    },
    put: (item: Record<string, AttributeValue>) =>
      dynamodb.client.send(new PutItemCommand({ TableName: TABLE, Item: item })),
    /** Begins anew: no items, no answers, nothing remembered. */
    reset: async (): Promise<void> => {
      const { Items = [] } = await dynamodb.client.send(new ScanCommand({ TableName: TABLE }));
      for (const { pk } of Items) {
        if (pk) await dynamodb.client.send(new DeleteItemCommand({ TableName: TABLE, Key: { pk } }));
      }
      host.answers.clear();
      host.requests.length = 0;
      host.options.resolved.length = 0;
      flow.restart();
      await flow.rule(RULE);
    },
    close: async () => {
      await host.close();
      await dynamodb.close();
    },
  };
  return flow;
}

const IDENTITY: Parameters<typeof createAuthorizeRoutes>[0]['identity'] = {
  name: 'Example Login',
  origins: async () => ok(['https://idp.example']),
  authorizationUrl: async ({ state }) => ok(`https://idp.example/login?${new URLSearchParams({ state })}`),
  exchange: async () => ok({ subject: 'ada', roles: ['editor'], tenant: 'north' }),
};

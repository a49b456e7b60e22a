import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamoDbDocuments } from '../../../functions/adapters/dynamodb-documents.ts';
import { createDynamoDbClient, createTable } from '../../../functions/adapters/dynamodb-table.ts';
import { type AssertionKey, anAssertionKey } from '../../attacks/support/c-assertions.ts';
import type { Posted } from '../../attacks/support/t-form.ts';
import { clientOptionsOf, variablesOf } from '../../attacks/support/t-roles.ts';
import { aClientId } from '../../support/builders.ts';
import { type McpAnswer, textOf, toolNamesOf } from '../../support/mcp-wire.ts';
import { claimsOf, nowSeconds } from '../../support/minted-tokens.ts';
import { type OwnCloud, startOwnCloud } from '../../support/own-cloud.ts';
import { actorOf, type Metadata } from './actor.ts';
import { REPLAYS } from './clients/index.ts';
import type { Replay } from './replay.ts';

/**
 * What real clients send, request by request, as far as public reports tell it. No vendor's client runs here: when
 * one changes its ways, its file in `clients/` is what to change, and this says what then breaks.
 */
let cloud: OwnCloud;
const keys = anAssertionKey('RS256', 'vendor-1');

beforeAll(async () => {
  cloud = await startOwnCloud();
});
afterAll(() => cloud?.close());

type Actor = ReturnType<typeof actorOf>;
type Challenge = { readonly scope: string };

const connecting = REPLAYS.filter(({ refused }) => refused === undefined);
const refused = REPLAYS.filter(({ refused }) => refused !== undefined);
const titled = (replays: readonly Replay[]) =>
  replays.map((replay) => [`${replay.client} sends ${replay.sends}: ${replay.meets}`, replay] as const);

describe('a client that connects', () => {
  test.each(titled(connecting))('%s', async (_, replay) => {
    const actor = actorOf(cloud, replay, keys);
    const { metadata, scope } = await arrive(actor, replay);
    const clientId = await enter(actor, replay, metadata);
    const begun = actor.authorizeUrl(metadata, clientId, scope);
    await expectConsentPage(begun.url, replay);
    const login = await actor.signIn(clientId, begun);
    expectCallback(login.landed, begun.url);

    const first = expectTokens(await actor.redeem(metadata, login), clientId);
    await expectConversation(actor, replay, first.access);
    const second = expectTokens(await actor.refresh(metadata, clientId, first.refresh), clientId);
    expect(second.refresh).not.toBe(first.refresh);
    expectRows(await actor.ask('tools/call', { name: 'search_orders', arguments: { limit: 3 } }, second.access));
  });
});

describe('a client that is refused', () => {
  test.each(titled(refused))('%s', async (_, replay) => {
    const actor = actorOf(cloud, replay, keys);
    const { metadata, scope } = await arrive(actor, replay);
    if (replay.refused?.at === 'registration') {
      const { status, body } = await actor.register(metadata);
      expect([status, body.error]).toEqual([400, replay.refused.error]);
      expect(body.error_description).toContain(replay.refused.saying);
      return;
    }
    const clientId = await enter(actor, replay, metadata);
    const { url } = actor.authorizeUrl(metadata, clientId, scope);
    const answer = await fetch(url, { redirect: 'manual' });
    const { error, saying } = replay.refused ?? { error: '', saying: '' };
    if (error === '') {
      // The address is not proven to be the client's, so nothing is sent to it (RFC 6749 section 3.1.2.4).
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(await answer.text()).toContain(saying);
      return;
    }
    const told = new URL(answer.headers.get('location') ?? '').searchParams;
    expect([answer.status, told.get('error'), told.get('iss')]).toEqual([303, error, cloud.issuer]);
    expect(told.get('error_description')).toContain(saying);
  });
});

test('a client id that is not known any more is 401 invalid_client, at which claude.ai registers anew', async () => {
  const [replay] = REPLAYS;
  if (replay === undefined) throw new Error('no client is replayed');
  const actor = actorOf(cloud, replay, keys);
  const { metadata } = await arrive(actor, replay);
  const { status, body } = await actor.refresh(metadata, 'a-client-of-long-ago', 'a.b.c');
  expect([status, body.error]).toEqual([401, 'invalid_client']);
});

test('a client that asked for too little learns from one 403 what to ask for, and the second login suffices', async () => {
  const replay = REPLAYS.find(({ client, speaks }) => client === 'MCP Inspector' && speaks === '2026-07-28');
  if (replay === undefined) throw new Error('the Inspector is not replayed');
  const actor = actorOf(cloud, replay, keys);
  const { metadata, scope } = await arrive(actor, replay);
  const clientId = await enter(actor, replay, metadata);
  const login = async (wanted: string) =>
    expectTokens(
      await actor.redeem(metadata, await actor.signIn(clientId, actor.authorizeUrl(metadata, clientId, wanted))),
      clientId,
    );
  const note = { name: 'add_ticket_note', arguments: { ticketId: 'T-301', body: 'Stepped up.' } };
  const refusal = await actor.ask('tools/call', note, (await login(scope)).access);
  expect(refusal.status).toBe(403);
  const wanted = /error="insufficient_scope", scope="([^"]+)"/.exec(refusal.headers.get('www-authenticate') ?? '')?.[1];
  expect(wanted?.split(' ').sort()).toEqual(['orders:read', 'tickets:read', 'tickets:write']);
  expect(textOf(await actor.ask('tools/call', note, (await login(wanted ?? '')).access))).toMatch(/^\| \[true,/m);
});

test('the table of README.md has a row for each of these tests, and no other', () => {
  const table = readFileSync('test/e2e/README.md', 'utf8').split('<!-- replays -->')[1] ?? '';
  const rows = table.split('\n').filter((line) => /^\| (?!client |---)/.test(line));
  expect(rows).toEqual(REPLAYS.map(({ client, sends, meets }) => `| ${client} | ${sends} | ${meets} |`));
});

/** From the first 401 to the authorization server's metadata: what each client needs to find the sign-in at all. */
async function arrive(actor: Actor, { probes, discovery }: Replay): Promise<Challenge & { metadata: Metadata }> {
  let scope = '';
  for (const each of probes) {
    const { status, headers, body } = await actor.probe(each);
    expect([each, status, body.error]).toEqual([each, 401, 'unauthorized']);
    const challenge = headers.get('www-authenticate') ?? '';
    expect(challenge).toContain(`resource_metadata="${cloud.issuer}/.well-known/oauth-protected-resource/mcp"`);
    expect(challenge).not.toContain('error=');
    scope = /scope="([^"]+)"/.exec(challenge)?.[1] ?? '';
  }
  expect(scope).toBe('orders:read tickets:read');
  let metadata: Metadata | undefined;
  for (const path of discovery) {
    const { status, body } = await actor.document(path);
    expect([path, status]).toEqual([path, 200]);
    if (path.startsWith('/.well-known/oauth-protected-resource')) {
      // A client takes the metadata of any other address for somebody else's.
      expect(body).toMatchObject({ resource: cloud.mcpUrl, authorization_servers: [cloud.issuer] });
    } else metadata ??= body as Metadata;
  }
  if (metadata === undefined) throw new Error('no authorization server was asked for');
  expect(metadata).toMatchObject({
    issuer: cloud.issuer,
    client_id_metadata_document_supported: true,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'private_key_jwt']),
    scopes_supported: expect.arrayContaining(['offline_access']),
  });
  return { scope, metadata };
}

/** Its client id: registered, or the address of a document that was fetched a moment ago. */
async function enter(actor: Actor, { registers }: Replay, metadata: Metadata): Promise<string> {
  if (registers.kind === 'cimd') {
    await keepDocument(registers.document, registers.signs ? keys : undefined);
    return registers.document.client_id;
  }
  const { status, body } = await actor.register(metadata);
  expect([status, body]).toMatchObject([201, { redirect_uris: registers.metadata.redirect_uris }]);
  expect(body).toMatchObject({
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  });
  expect(body).not.toHaveProperty('client_secret');
  return String(body.client_id);
}

/**
 * Leaves a document and its keys as a fetch leaves them. A test must not ask the vendors' hosts, and the fetch itself is
 * tested in `test/attacks/cimd-*`.
 */
async function keepDocument(document: { readonly client_id: string }, signing: AssertionKey | undefined) {
  const { region, endpoint: url, credentials } = clientOptionsOf(cloud, 'authorize');
  const client = createDynamoDbClient({ url, region, credentials });
  const documents = createDynamoDbDocuments(createTable(client, variablesOf(cloud, 'authorize').REGISTRY_TABLE ?? ''));
  const kept = await documents.keep({
    url: aClientId(document.client_id),
    status: 'on',
    text: JSON.stringify(document),
    keys: signing && JSON.stringify({ keys: [signing.jwk] }),
    freshUntil: nowSeconds() + 3600,
    expires: nowSeconds() + 86_400,
  });
  expect(kept).toEqual({ ok: true, value: 'kept' });
}

/** What the person sees: who says it is asking, and where the answer goes. */
async function expectConsentPage(url: string, { registers, redirectUri }: Replay): Promise<void> {
  const page = await fetch(url, { redirect: 'manual' });
  const html = await page.text();
  expect([page.status, html.includes('Not verified')]).toEqual([200, true]);
  const { client_name: name } = registers.kind === 'dcr' ? registers.metadata : registers.document;
  expect(html).toContain(`<bdi>${name}</bdi>`);
  const { protocol, host } = new URL(redirectUri);
  expect(html).toContain(
    protocol === 'https:' || protocol === 'http:' ? `<strong>${host}</strong>` : `<strong>${protocol}`,
  );
}

function expectCallback(landed: URL, authorizeUrl: string): void {
  const { searchParams: answer } = landed;
  const { searchParams: request } = new URL(authorizeUrl);
  expect([answer.get('error'), answer.getAll('code').length]).toEqual([null, 1]);
  expect(answer.get('state')).toBe(request.get('state'));
  // RFC 9207: clients that ignore it are no reason to leave it out, and newer ones demand it.
  expect(answer.get('iss')).toBe(cloud.issuer);
}

function expectTokens({ status, body, headers }: Posted, clientId: string) {
  expect([status, body.error]).toEqual([200, undefined]);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
  expect(String(body.scope).split(' ')).toEqual(expect.arrayContaining(['orders:read', 'tickets:read']));
  expect(body.scope).not.toContain('offline_access');
  expect(claimsOf(String(body.access_token))).toMatchObject({ aud: cloud.mcpUrl, client_id: clientId });
  return { access: String(body.access_token), refresh: String(body.refresh_token) };
}

async function expectConversation(actor: Actor, { speaks }: Replay, token: string): Promise<void> {
  const greetings = await actor.greet(token);
  const revision = speaks.startsWith('server/discover') ? '2025-11-25' : speaks;
  // A server/discover is answered with the revisions there are, initialize with the one that was asked for, and a
  // notification with nothing.
  const discovered = [200, expect.objectContaining({ supportedVersions: expect.arrayContaining(['2026-07-28']) })];
  const initialized = [
    [200, expect.objectContaining({ protocolVersion: revision })],
    [202, undefined],
  ];
  const expected = {
    '2026-07-28': [discovered],
    '2025-11-25': initialized,
    '2025-06-18': initialized,
    'server/discover, then initialize': [discovered, ...initialized],
  };
  expect(greetings.map(({ status, message }) => [status, message.result])).toEqual(expected[speaks]);
  const tools = await actor.ask('tools/list', {}, token);
  expect(toolNamesOf(tools)).toEqual(expect.arrayContaining(['add_ticket_note', 'search_orders', 'whoami']));
  expectRows(await actor.ask('tools/call', { name: 'search_orders', arguments: { limit: 3 } }, token));
}

/** Ada's orders, and nobody else's. */
function expectRows(answer: McpAnswer): void {
  expect(textOf(answer)).toMatch(/N-10\d\d/);
  expect(textOf(answer)).not.toMatch(/S-20\d\d/);
}

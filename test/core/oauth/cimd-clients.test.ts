import { describe, expect, test } from 'vitest';
import { withoutDocuments } from '../../../functions/core/oauth/cimd/document-clients.ts';
import { ok } from '../../../functions/core/result.ts';
import { aClientId } from '../../support/builders.ts';
import { aDocumentWorld, aStoredDocument, DOCUMENT, ID, KEY, RULE, registry, SIGNS } from './document-world.ts';

/** Clients that are known by a document at their address: what is fetched, what is kept, what is believed. */
const KEYS_AT = 'https://keys.example/jwks.json';
const DAY = 86_400;

describe('a client id that is no address', () => {
  test('is asked of the registry, and no rule, table or host hears of it', async () => {
    const { begin, know, world } = aDocumentWorld();
    for (const find of [begin, know, withoutDocuments(registry).find]) {
      expect(await find(aClientId('client-a'))).toMatchObject({ value: { id: 'client-a' } });
    }
    expect([world.hosts, world.fetched, world.reads]).toEqual([[], [], 0]);
  });

  test('is the only kind there is where documents are off', async () => {
    expect(await withoutDocuments(registry).find(ID)).toEqual({ ok: true, value: undefined });
  });
});

describe('beginning a sign-in', () => {
  test('fetches the document, keeps it, and knows the client by it', async () => {
    const { begin, world, clock } = aDocumentWorld();
    expect(await begin()).toEqual({
      ok: true,
      value: {
        id: ID,
        source: 'cimd',
        status: 'on',
        name: 'Example',
        redirectUris: ['https://client.example/cb'],
        authentication: 'none',
        keys: [],
        grantTypes: ['authorization_code', 'refresh_token'],
        ceiling: undefined,
        vettedAs: [],
        expires: clock.seconds() + 91 * DAY,
      },
    });
    expect(world.hosts).toEqual(['client.example']);
    expect(world.kept).toEqual([
      {
        url: ID,
        status: 'on',
        text: JSON.stringify(DOCUMENT),
        keys: undefined,
        freshUntil: clock.seconds() + 600,
        expires: clock.seconds() + 91 * DAY,
      },
    ]);
  });

  test('never keeps a document fresh for longer than a day', async () => {
    const { begin, world, clock } = aDocumentWorld();
    world.answers.set(ID, ok({ text: JSON.stringify(DOCUMENT), freshFor: 30 * DAY }));
    await begin();
    expect(world.kept[0]?.freshUntil).toBe(clock.seconds() + DAY);
  });

  test('fetches nothing while the copy is fresh, and again the moment it is not', async () => {
    const { begin, world, clock } = aDocumentWorld();
    world.stored = ok(aStoredDocument());
    expect(await begin()).toMatchObject({ ok: true, value: { name: 'Example' } });
    expect(world.fetched).toEqual([]);
    clock.advance('600s');
    expect(await begin()).toMatchObject({ ok: true });
    expect(world.fetched).toEqual([ID]);
  });

  test('fetches anew when the fresh copy does not pass any more', async () => {
    const { begin, world } = aDocumentWorld();
    world.stored = ok(aStoredDocument({}, { ...DOCUMENT, client_name: undefined }));
    expect(await begin()).toMatchObject({ ok: true, value: { name: 'Example' } });
    expect(world.fetched).toEqual([ID]);
  });

  test('of many at once fetches once, and of the next again', async () => {
    const { fetching, world } = aDocumentWorld();
    const directory = fetching();
    const [one, other] = await Promise.all([directory.find(ID), directory.find(ID)]);
    expect(one).toEqual(other);
    expect(world.fetched).toHaveLength(1);
    await directory.find(ID);
    expect(world.fetched).toHaveLength(2);
  });

  test('falls back on what a rule pins when the host does not answer, for an hour', async () => {
    const { begin, world, clock } = aDocumentWorld();
    world.answers.clear();
    world.rules = ok({ status: 'on', rules: [{ ...RULE, pinned: JSON.stringify(DOCUMENT) }] });
    expect(await begin()).toMatchObject({ ok: true, value: { name: 'Example' } });
    expect(world.kept[0]).toMatchObject({ text: JSON.stringify(DOCUMENT), freshUntil: clock.seconds() + 3600 });
  });

  test('believes the host before what a rule pins', async () => {
    const { begin, world } = aDocumentWorld({ ...DOCUMENT, client_name: 'New' });
    world.rules = ok({ status: 'on', rules: [{ ...RULE, pinned: JSON.stringify(DOCUMENT) }] });
    expect(await begin()).toMatchObject({ value: { name: 'New' } });
  });
});

describe('the keys of a client that signs', () => {
  const verified = [{ ...KEY, alg: 'ES256' }];

  test('stand in its document', async () => {
    const { begin, know, world } = aDocumentWorld({ ...SIGNS, jwks: { keys: [KEY] } });
    expect(await begin()).toMatchObject({ value: { authentication: 'private_key_jwt', keys: verified } });
    expect(world.fetched).toEqual([ID]);
    world.stored = ok(aStoredDocument({}, { ...SIGNS, jwks: { keys: [KEY] } }));
    expect(await know()).toMatchObject({ value: { keys: verified } });
  });

  test('or at the address its rule names; they are kept, and as fresh as the shorter of the two', async () => {
    const document = { ...SIGNS, jwks_uri: KEYS_AT };
    const { begin, know, world, clock } = aDocumentWorld(document);
    const text = JSON.stringify({ keys: [KEY] });
    for (const [freshFor, expected] of [
      [60, 60],
      [6_000, 600],
    ] as const) {
      world.answers.set(KEYS_AT, ok({ text, freshFor }));
      expect(await begin()).toMatchObject({ ok: true, value: { keys: verified } });
      expect(world.kept.at(-1)).toMatchObject({ keys: text, freshUntil: clock.seconds() + expected });
    }
    world.stored = ok(aStoredDocument({ keys: text }, document));
    expect(await know()).toMatchObject({ value: { keys: verified } });
    world.stored = ok(aStoredDocument({}, document));
    expect(await know()).toMatchObject({ ok: false, error: { reason: 'document-unusable' } });
  });

  test('are no keys that its document does not name', async () => {
    const { know, world } = aDocumentWorld();
    const either = { ...DOCUMENT, token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] };
    world.stored = ok(aStoredDocument({ keys: JSON.stringify({ keys: [KEY] }) }, either));
    expect(await know()).toMatchObject({ ok: true, value: { keys: [] } });
  });

  test('are asked for nowhere, and missed nowhere, when it need not sign', async () => {
    const either = { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] };
    const { begin, world } = aDocumentWorld({ ...DOCUMENT, ...either, jwks_uri: 'https://other.example/jwks.json' });
    expect(await begin()).toMatchObject({ ok: true, value: { authentication: 'none', keys: [] } });
    expect(world.fetched).toEqual([ID]);
  });
});

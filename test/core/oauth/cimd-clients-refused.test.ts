import { describe, expect, test } from 'vitest';
import type { DocumentRule, HostRules } from '../../../functions/core/oauth/cimd/rule.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClientId } from '../../support/builders.ts';
import { aDocumentWorld, aStoredDocument, DOCUMENT, disabled, down, ID, KEY, RULE, SIGNS } from './document-world.ts';

/** Documents that nobody may come with, that are not looked for, or that are not believed. */
const notAdmitted = { ok: false, error: { reason: 'document-not-admitted', clientId: ID } };

describe('nothing is fetched', () => {
  test.each<[string, HostRules | undefined, readonly DocumentRule[]]>([
    ['no rule names it', undefined, []],
    ['the rules name other addresses of its host', { status: 'on', rules: [{ ...RULE, url: `${ID}x` }] }, []],
    ['a preset names another host', undefined, [{ ...RULE, url: 'https://other.example/app/client.json' }]],
    ['the operator closed its host', { status: 'off', rules: [RULE] }, []],
    ['the operator closed its host, whatever a preset says', { status: 'off', rules: [] }, [RULE]],
  ])('when %s', async (_, rules, vetted) => {
    const { begin, know, world } = aDocumentWorld();
    world.rules = ok(rules);
    world.vetted = vetted;
    world.stored = ok(aStoredDocument());
    expect(await begin()).toEqual(notAdmitted);
    expect(await know()).toEqual(notAdmitted);
    expect(world.fetched).toEqual([]);
  });

  test('from this server itself', async () => {
    const { begin, world } = aDocumentWorld();
    const own = aClientId('https://mcp.example/client.json');
    world.rules = ok({ status: 'on', rules: [{ ...RULE, url: own }] });
    expect(await begin(own)).toMatchObject({ ok: false, error: { reason: 'document-not-admitted' } });
    expect([world.fetched, world.hosts]).toEqual([[], []]);
  });

  test('when the operator switched the client off, fresh copy or not', async () => {
    const { begin, know, world } = aDocumentWorld();
    for (const freshUntil of [0, Number.MAX_SAFE_INTEGER]) {
      world.stored = ok(aStoredDocument({ status: 'off', freshUntil }));
      expect(await begin()).toEqual(disabled);
      expect(await know()).toEqual(disabled);
    }
    expect(world.fetched).toEqual([]);
  });

  test('when a table does not answer', async () => {
    const { begin, know, world } = aDocumentWorld();
    world.rules = down;
    for (const find of [begin, know]) expect(await find()).toEqual(down);
    world.rules = ok({ status: 'on', rules: [RULE] });
    world.stored = down;
    for (const find of [begin, know]) expect(await find()).toEqual(down);
    expect(world.fetched).toEqual([]);
  });
});

test('a rule of the operator comes before a preset for the same address, and a preset alone is enough', async () => {
  const { begin, world } = aDocumentWorld();
  world.vetted = [{ ...RULE, ceiling: ['orders:refund'] }];
  world.rules = ok({ status: 'on', rules: [{ ...RULE, ceiling: ['orders:read'] }] });
  expect(await begin()).toMatchObject({ value: { ceiling: ['orders:read'] } });
  for (const rules of [undefined, { status: 'on', rules: [] }] as const) {
    world.rules = ok(rules);
    expect(await begin()).toMatchObject({ value: { ceiling: ['orders:refund'] } });
  }
});

describe('a client is not known', () => {
  test('by a document that was not kept, or whose time is over', async () => {
    const { know, world, clock } = aDocumentWorld();
    expect(await know()).toEqual({ ok: true, value: undefined });
    world.stored = ok(aStoredDocument({ expires: clock.seconds() + 10 }));
    expect(await know()).toMatchObject({ value: { id: ID, source: 'cimd', expires: clock.seconds() + 10 } });
    clock.advance('10s');
    expect(await know()).toEqual({ ok: true, value: undefined });
    expect(world.fetched).toEqual([]);
  });

  test('when what was fetched could not be kept', async () => {
    const { begin, world } = aDocumentWorld();
    world.keep = ok('off');
    expect(await begin()).toEqual(disabled);
    world.keep = down;
    expect(await begin()).toEqual(down);
  });

  test.each([
    ['the host does not answer', undefined],
    ['the document is another client', { ...DOCUMENT, client_id: 'https://client.example/other' }],
    ['it must sign and has no key', SIGNS],
    ['it must sign and its only key is none of ours', { ...SIGNS, jwks: { keys: [{ kty: 'OKP' }] } }],
    ['its keys are secret', { ...SIGNS, jwks: { keys: [{ ...KEY, d: 'AA' }] } }],
    ['its keys are at no https address', { ...SIGNS, jwks_uri: 'http://keys.example/jwks.json' }],
    ['its keys are at no address to fetch', { ...SIGNS, jwks_uri: 'https://keys.example/jwks.json?from=us' }],
    ['its keys are at an address the rule does not name', { ...SIGNS, jwks_uri: 'https://other.example/jwks.json' }],
    ['its keys do not answer', { ...SIGNS, jwks_uri: 'https://keys.example/missing.json' }],
    ['its keys are no JSON', { ...SIGNS, jwks_uri: 'https://keys.example/html' }],
  ])('when %s, and nothing is kept', async (_, document) => {
    const { begin, world } = aDocumentWorld(document);
    if (document === undefined) world.answers.delete(ID);
    world.answers.set('https://other.example/jwks.json', ok({ text: JSON.stringify({ keys: [KEY] }), freshFor: 1 }));
    world.answers.set(
      'https://keys.example/jwks.json?from=us',
      ok({ text: JSON.stringify({ keys: [KEY] }), freshFor: 1 }),
    );
    world.answers.set('https://keys.example/html', ok({ text: '<html>', freshFor: 1 }));
    expect(await begin()).toMatchObject({
      ok: false,
      error: { reason: 'document-unusable', clientId: ID, detail: expect.stringMatching(/./) },
    });
    expect(world.kept).toEqual([]);
    for (const never of ['https://other.example/jwks.json', 'https://keys.example/jwks.json?from=us']) {
      expect(world.fetched).not.toContain(never);
    }
  });

  test('when its keys do not answer, even if it need not sign, and the log learns what did not answer', async () => {
    const either = { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] };
    const keyless = aDocumentWorld({ ...DOCUMENT, ...either, jwks_uri: 'https://keys.example/jwks.json' });
    expect(await keyless.begin()).toMatchObject({
      error: { reason: 'document-unusable', detail: expect.stringMatching(/keys.*no answer/) },
    });
    expect(keyless.world.kept).toEqual([]);
    const silent = aDocumentWorld();
    silent.world.answers.clear();
    expect(await silent.begin()).toMatchObject({ error: { reason: 'document-unusable', detail: 'no answer' } });
  });
});

describe('a host that is spared', () => {
  const spared = refuse({ reason: 'host-spared', retryAfter: 42 });
  const notFetched = { ok: false, error: { reason: 'document-not-fetched', clientId: ID, retryAfter: 42 } };

  test('is asked for neither document nor keys, and the client is told when to come again', async () => {
    const { begin, world } = aDocumentWorld({ ...SIGNS, jwks_uri: 'https://keys.example/jwks.json' });
    world.answers.set('https://keys.example/jwks.json', spared);
    expect(await begin()).toEqual(notFetched);
    world.answers.set(ID, spared);
    expect(await begin()).toEqual(notFetched);
    expect(world.kept).toEqual([]);
  });

  test('is not missed where its document is pinned', async () => {
    const { begin, world } = aDocumentWorld();
    world.answers.set(ID, spared);
    world.rules = ok({ status: 'on', rules: [{ ...RULE, pinned: JSON.stringify(DOCUMENT) }] });
    expect(await begin()).toMatchObject({ ok: true });
  });
});

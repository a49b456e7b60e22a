import { describe, expect, test } from 'vitest';
import { admittingRule, type DocumentRule, rulesOfPresets } from '../../../functions/core/oauth/cimd/rule.ts';
import { readRuleItem, ruleItem, ruleKey } from '../../../functions/core/oauth/cimd/rule-item.ts';
import { documentKey } from '../../../functions/core/oauth/cimd/store.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import { PRESETS, presetsNamed } from '../../../functions/core/oauth/presets/index.ts';
import { aClientId } from '../../support/builders.ts';

const RULE: DocumentRule = {
  url: 'https://client.example/app/client.json',
  redirectUris: ['https://client.example/cb'],
};

describe('the rule for an address', () => {
  const template = { ...RULE, url: 'https://client.example/{id}/client.json', ceiling: ['orders:read'] };

  test('is the one that names it exactly, wherever it stands, or else the template it fits', () => {
    expect(admittingRule([template, RULE], RULE.url)).toBe(RULE);
    expect(admittingRule([template], RULE.url)).toBe(template);
    expect(admittingRule([RULE, template], 'https://client.example/other/client.json')).toBe(template);
  });

  test('is never one of another host', () => {
    const wide = { ...RULE, url: 'https://{id}.example/app/client.json' };
    const other = { ...RULE, url: 'https://other.example/app/client.json' };
    expect(admittingRule([other, wide], RULE.url)).toBeUndefined();
    expect(admittingRule([], RULE.url)).toBeUndefined();
  });
});

describe('the rules of a host', () => {
  const full: DocumentRule = { ...RULE, ceiling: ['orders:read'], keysHost: 'keys.example', pinned: '{}' };

  test('are read as they were written', () => {
    for (const status of ['on', 'off'] as const) {
      const rules = { status, rules: [RULE, full] };
      expect(readRuleItem('client.example', ruleItem('client.example', rules))).toEqual({ ok: true, value: rules });
    }
    expect(ruleItem('client.example', { status: 'on', rules: [] })).toEqual({
      pk: { S: 'RULE#client.example' },
      st: { S: 'on' },
      rules: { S: '[]' },
      exp: { N: '253402300799' },
    });
  });

  test.each<[string, object]>([
    ['an unknown status', { st: { S: 'maybe' } }],
    ['no status', { st: undefined }],
    ['no rules', { rules: undefined }],
    ['rules that are no JSON', { rules: { S: '[' } }],
    ['rules that are no list', { rules: { S: '{}' } }],
    ['a rule that is none', { rules: { S: '[7]' } }],
    ...[
      { url: 'http://client.example/c' },
      { url: 'https://client.example/' },
      { url: 'https:///c' },
      { url: 'xhttps://client.example/c' },
      { redirectUris: [] },
      { redirectUris: [''] },
      { ceiling: [''] },
      { keysHost: '' },
      { pinned: '' },
      { unheard: 'of' },
    ].map((odd): [string, object] => [
      JSON.stringify(odd),
      { rules: { S: JSON.stringify([RULE, { ...RULE, ...odd }]) } },
    ]),
  ])('with %s admit nobody', (_, changes) => {
    const item = { ...ruleItem('client.example', { status: 'on', rules: [RULE] }), ...changes };
    expect(readRuleItem('client.example', item)).toMatchObject({
      ok: false,
      error: { reason: 'item-corrupt', item: 'client', id: 'RULE#client.example', detail: Object.keys(changes)[0] },
    });
  });

  test('are told by name what of them is wrong, never by value', () => {
    expect(readRuleItem('client.example', {})).toMatchObject({ error: { detail: 'st, rules' } });
    expect(ruleKey('client.example')).toBe('RULE#client.example');
  });
});

test('a document is stored under a digest of its address', () => {
  expect(documentKey(aClientId(RULE.url))).toBe(`CIMD#${digest(RULE.url)}`);
});

describe('the presets', () => {
  test('are enabled by name, and only those', () => {
    expect(presetsNamed(['cursor', 'claude']).map(({ name }) => name)).toEqual(['cursor', 'claude']);
    expect(presetsNamed([])).toEqual([]);
  });

  test.each(['', 'Claude', 'claude ', 'chat'])('%j is none, and says which there are', (name) => {
    expect(() => presetsNamed(['claude', name])).toThrow(`"${name}"`);
    expect(() => presetsNamed([name])).toThrow(
      /claude, chatgpt, cursor, vscode, copilot-cli, codex, inspector, mcp-remote/,
    );
  });

  test('that describe themselves in no document bring no rule', () => {
    const rules = rulesOfPresets(PRESETS);
    expect(rules.map(({ url }) => url)).toEqual(
      PRESETS.flatMap(({ documents }) => documents ?? []).map(({ url }) => url),
    );
    expect(rulesOfPresets(presetsNamed(['cursor']))).toEqual([]);
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { type Copy, copyCheckout } from '../support/checkout-copy.ts';
import { context, ofType, synthesized } from './synthesized.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the parser of free SQL', () => {
  let output: string;
  beforeEach(() => {
    output = mkdtempSync(join(tmpdir(), 'gatehouse-parser-'));
    return () => rmSync(output, { recursive: true });
  });

  test('lies beside the bundle of mcp where tools.query is on, and nowhere else', () => {
    const names = ['mcp', 'mcp-write'] as const;
    const on = bundle({ root: ROOT, names, output, freeSql: true });
    const wasm = 'libpg-query.wasm';
    expect([existsSync(join(on.mcp, wasm)), existsSync(join(on['mcp-write'], wasm))]).toEqual([true, false]);
    expect(readFileSync(join(on['mcp-write'], 'index.js'), 'utf8')).not.toContain(wasm);
    const off = bundle({ root: ROOT, names, output });
    expect(existsSync(join(off.mcp, wasm))).toBe(false);
  });
});

describe('the setting tools.query', () => {
  test('is off unless somebody turns it on', () => {
    expect(settingsFrom(context).tools).toEqual({ query: false });
    expect(() => settingsFrom({ ...context, 'gatehouse.tools.query': 'yes' })).toThrow(
      'gatehouse.tools.query is "yes", which is neither true nor false. Use true or false.',
    );
    expect(() => settingsFrom({ ...context, 'gatehouse.tools.querry': true })).toThrow(
      'gatehouse.tools.querry is no setting. Settings here: query.',
    );
  });

  test.each([
    [false, 'off'],
    [true, 'on'],
  ])(
    '%s reaches mcp as %s, and no other function',
    (query, told) => {
      type Deployed = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };
      const { service } = synthesized({ 'gatehouse.tools.query': query });
      const variables = Object.values(ofType<Deployed>(service, 'AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.Environment.Variables,
      );
      const knowing = variables.filter((of) => of.QUERY_TOOL !== undefined);
      expect(knowing.map((of) => [of.POWERTOOLS_SERVICE_NAME, of.QUERY_TOOL])).toEqual([['mcp', told]]);
    },
    60_000,
  );
});

describe('a checkout', () => {
  let copy: Copy;
  beforeAll(() => {
    copy = copyCheckout();
  });
  afterAll(() => copy?.remove());

  test('has no tool query, and learns step by step what it takes to have one', () => {
    expect(copy.gatehouse('tools', 'list').out).not.toMatch(/^query /m);
    expect(copy.gatehouse('check')).toEqual({ code: 0, out: '' });

    copy.edit('cdk.json', '"defaultScopes"', '"tools": { "query": true },\n      "defaultScopes"');
    expect(copy.gatehouse('check').out).toContain('functions/tools/query.ts: scope "sql:read" is not in the catalogue');

    copy.edit('cdk.json', '"orders:refund": "Refund orders"', '"orders:refund": "Refund orders", "sql:read": "Query"');
    expect(copy.gatehouse('check').out).toContain(
      'functions/tools/query.ts: the tool "query" is not in functions/tools/tools.lock',
    );

    expect(copy.gatehouse('tools', 'lock').code).toBe(0);
    expect(copy.gatehouse('check')).toEqual({ code: 0, out: '' });
    expect(copy.gatehouse('tools', 'list').out).toMatch(/^query +tool +read +sql:read /m);

    copy.edit('cdk.json', '"query": true', '"query": false');
    expect(copy.gatehouse('check').out).toContain('the tool "query" is no longer offered');
  });
});

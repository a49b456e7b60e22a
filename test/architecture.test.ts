import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

/** The layout's promises (functions/README.md), held over the import graph that esbuild sees. */

const sources = ['functions', 'infra'].flatMap((root) => typescriptBelow(root));
let graph: Metafile['inputs'];

beforeAll(async () => {
  const options = { bundle: true, write: false, metafile: true, packages: 'external', platform: 'node' } as const;
  const result = await build({ ...options, entryPoints: sources, outdir: 'unused', format: 'esm', logLevel: 'silent' });
  graph = result.metafile.inputs;
});

/** A room, and the rooms its files may import from. A path belongs to the first room whose prefix it starts with. */
const ROOMS: readonly { readonly room: string; readonly may: readonly string[] }[] = [
  { room: 'functions/core/', may: ['functions/core/'] },
  { room: 'functions/tools/', may: ['functions/core/', 'functions/tools/'] },
  { room: 'functions/adapters/', may: ['functions/core/', 'functions/adapters/'] },
  { room: 'functions/http/', may: ['functions/core/', 'functions/http/'] },
  { room: 'functions/config.ts', may: ['functions/config-values.ts'] },
  { room: 'functions/config-values.ts', may: ['functions/core/'] },
  // The version that MCP clients are told is the package's own.
  { room: 'functions/compose/', may: ['functions/', 'package.json'] },
  { room: 'package.json', may: [] },
  { room: 'functions/well-known/', may: handlerOf('well-known') },
  { room: 'functions/register/', may: handlerOf('register') },
  { room: 'functions/authorize/', may: handlerOf('authorize') },
  { room: 'functions/token/', may: handlerOf('token') },
  { room: 'functions/mcp-write/', may: handlerOf('mcp-write') },
  { room: 'functions/mcp/', may: handlerOf('mcp') },
  { room: 'functions/seal/', may: handlerOf('seal') },
  { room: 'functions/migrate/', may: handlerOf('migrate') },
  // The command reads the audit log's records and writes the registry's items, as the functions do: a second definition
  // of either would drift, so both sides share that core. The calls to AWS are each side's own.
  {
    room: 'infra/cli/',
    may: ['infra/', 'functions/tools/', 'functions/core/tools/', 'functions/core/audit/', 'functions/core/oauth/'],
  },
  {
    room: 'infra/',
    may: [
      'infra/',
      'functions/tools/',
      'functions/core/tools/',
      'functions/core/resources/',
      'functions/core/prompts/',
      'functions/core/oauth/presets/',
    ],
  },
];

function handlerOf(name: string): readonly string[] {
  return [
    `functions/${name}/`,
    'functions/core/',
    'functions/adapters/',
    'functions/http/',
    'functions/config.ts',
    `functions/compose/${name}.ts`,
  ];
}

describe('the layout', () => {
  test('every file imports only from the rooms its own room may see', () => {
    const broken = Object.entries(graph).flatMap(([from, { imports }]) => {
      const rule = ROOMS.find(({ room }) => from.startsWith(room));
      if (!rule) return [`${from}: belongs to no room; add it to ROOMS in test/architecture.test.ts`];
      const inside = imports.filter(({ external }) => !external);
      return inside
        .filter(({ path }) => !rule.may.some((room) => path.startsWith(room)))
        .map(({ path }) => `${from} -> ${path}`);
    });
    expect(broken).toEqual([]);
    expect(Object.keys(graph).length).toBeGreaterThan(50);
  });

  test('the core imports nothing but itself and a few pure packages', () => {
    const pure = ['zod', 'zod/mini', 'canonicalize', 'node:crypto'];
    const imported = Object.entries(graph)
      .filter(([from]) => from.startsWith('functions/core/'))
      .flatMap(([from, { imports }]) => imports.filter(({ external }) => external).map(({ path }) => ({ from, path })));
    expect(imported.filter(({ path }) => !pure.includes(path))).toEqual([]);
    expect(imported.length).toBeGreaterThan(0);
  });

  test('the MCP SDK is imported by one file', () => {
    const importers = Object.entries(graph)
      .filter(([, { imports }]) => imports.some(({ path }) => path.startsWith('@modelcontextprotocol/')))
      .map(([from]) => from);
    expect(importers).toEqual(['functions/adapters/mcp-engine.ts']);
  });

  test('nothing that ships imports a test', () => {
    expect(Object.keys(graph).filter((path) => path.startsWith('test/'))).toEqual([]);
  });
});

describe('the text of every file', () => {
  test('is at most 250 lines', () => {
    const all = [...sources, ...typescriptBelow('test')];
    const long = all.filter((path) => read(path).split('\n').length - 1 > 250);
    expect(long).toEqual([]);
  });

  test('reads the environment in functions/config.ts only', () => {
    expect(functionsMatching(/process\.env/)).toEqual(['functions/config.ts']);
  });

  test('takes clock and randomness from adapters only', () => {
    const drawn = functionsMatching(
      /Date\.now\(|new Date\(\)|Math\.random\(|randomBytes\(|randomUUID\(|getRandomValues\(/,
    );
    expect(drawn.filter((path) => !path.startsWith('functions/adapters/'))).toEqual([]);
  });

  function functionsMatching(pattern: RegExp): string[] {
    return sources.filter((path) => path.startsWith('functions/') && pattern.test(withoutComments(read(path))));
  }
});

function typescriptBelow(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(root, name))
    .sort();
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { hashOf } from '../../infra/files.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../infra/function-names.ts';

const ROOT = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

let root: string;
beforeEach(() => {
  root = checkout();
  return () => rmSync(root, { recursive: true });
});

/** A small repository of two functions that share a module. */
function checkout(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bundle-'));
  write(directory, 'package.json', '{ "type": "module", "sideEffects": false }');
  write(directory, 'functions/shared.ts', 'export const a = () => "only a";\nexport const b = () => "only b";\n');
  write(
    directory,
    'functions/token/handler.ts',
    "import { a } from '../shared.ts';\nexport const handler = async () => a();\n",
  );
  write(
    directory,
    'functions/migrate/handler.ts',
    "import { b } from '../shared.ts';\nexport const handler = async () => b();\n",
  );
  write(directory, 'functions/migrate/migrations/0001_first.sql', 'SELECT 1;\n');
  return directory;
}

function write(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

const bundled = () => bundle({ root, names: ['token', 'migrate'] });
const complaint = () => {
  try {
    return String(bundled());
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a bundle', () => {
  test('is CommonJS, runs, and holds no more than its function uses', async () => {
    const { token } = bundled();
    const path = join(token, 'index.js');
    cpSync(path, join(token, 'index.cjs'));
    const { handler } = require(join(token, 'index.cjs')) as { handler: () => Promise<string> };
    expect(await handler()).toBe('only a');
    expect(readFileSync(path, 'utf8')).not.toMatch(/only b|sourceMappingURL/);
  });

  test('is the same, byte for byte, wherever it is made', () => {
    const elsewhere = checkout();
    const [here, there] = [bundled().token, bundle({ root: elsewhere, names: ['token', 'migrate'] }).token];
    expect(readFileSync(join(there, 'index.js'))).toEqual(readFileSync(join(here, 'index.js')));
    rmSync(elsewhere, { recursive: true });
  });

  test('is not touched when nothing has changed', () => {
    const path = join(bundled().token, 'index.js');
    utimesSync(path, 1, 1);
    bundled();
    expect(statSync(path).mtimeMs).toBe(1000);
  });

  test('lies beside nothing but what it reads at run time', () => {
    const { token, migrate } = bundled();
    expect(readdirSync(token)).toEqual(['index.js']);
    expect(readdirSync(migrate).sort()).toEqual(['index.js', 'migrations']);
    expect(readFileSync(join(migrate, 'migrations/0001_first.sql'), 'utf8')).toBe('SELECT 1;\n');
  });

  test('leaves nothing behind of an earlier one', () => {
    bundled();
    rmSync(join(root, 'functions/migrate/migrations/0001_first.sql'));
    write(root, 'functions/migrate/migrations/0001_renamed.sql', 'SELECT 2;\n');
    expect(readdirSync(join(bundled().migrate, 'migrations'))).toEqual(['0001_renamed.sql']);
  });

  test('has its ingredients listed outside of it', () => {
    bundled();
    const meta = JSON.parse(readFileSync(join(root, 'build/meta/token.json'), 'utf8')) as { inputs: object };
    expect(Object.keys(meta.inputs).sort()).toEqual(['functions/shared.ts', 'functions/token/handler.ts']);
  });
});

describe('a mistake in the sources is one sentence', () => {
  test('for a syntax error', () => {
    write(root, 'functions/shared.ts', 'export const a = 1;\nexport const b = ;\n');
    expect(complaint()).toBe('functions/shared.ts:2: Unexpected ";"');
  });

  test('for an import of something that is not there', () => {
    write(root, 'functions/token/handler.ts', "import '../nowhere.ts';\n");
    expect(complaint()).toBe('functions/token/handler.ts:1: Could not resolve "../nowhere.ts"');
  });

  test('for a function without a handler', () => {
    rmSync(join(root, 'functions/token/handler.ts'));
    expect(complaint()).toBe('Could not resolve "functions/token/handler.ts"');
  });

  test('and the bundles of before stay as they were', () => {
    const path = join(bundled().token, 'index.js');
    const before = readFileSync(path);
    write(root, 'functions/shared.ts', 'export const a = ;\n');
    complaint();
    expect(readFileSync(path)).toEqual(before);
  });
});

test('the hash of a directory knows its files by name and content', () => {
  const directory = join(root, 'functions/migrate/migrations');
  const hashes = [hashOf(directory)];
  write(directory, '0002.sql', 'SELECT 2;\n');
  hashes.push(hashOf(directory));
  write(directory, '0002.sql', 'SELECT 3;\n');
  hashes.push(hashOf(directory));
  rmSync(join(directory, '0002.sql'));
  write(directory, '0003.sql', 'SELECT 3;\n');
  hashes.push(hashOf(directory));
  expect(new Set(hashes).size).toBe(4);
  rmSync(join(directory, '0003.sql'));
  expect(hashOf(directory)).toBe(hashes[0]);
});

describe('the bundles of this repository', () => {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-bundles-'));
  /** The packages whose code is in a bundle: what was shaken out whole is an input of no bytes. */
  const packages = (name: string) => {
    const meta = JSON.parse(readFileSync(join(output, 'meta', `${name}.json`), 'utf8')) as Metafile;
    const inputs = Object.values(meta.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const found = inputs
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
    return new Set(found.filter((each) => each !== undefined));
  };
  beforeAll(() => {
    bundle({ root: ROOT, names: FUNCTION_NAMES, output });
  });
  afterAll(() => rmSync(output, { recursive: true }));

  test('are there for every function', () => {
    for (const name of FUNCTION_NAMES) expect(existsSync(join(output, 'functions', name, 'index.js'))).toBe(true);
  });

  test.each<[FunctionName, string[]]>([
    ['well-known', []],
    ['register', ['dynamodb']],
    ['authorize', ['dynamodb', 'secrets-manager']],
    ['token', ['dynamodb', 'kms']],
    ['mcp', ['dynamodb', 'kms', 'lambda', 'rds-data', 'secrets-manager']],
    ['mcp-write', ['dynamodb', 'kms', 'rds-data', 'secrets-manager']],
    ['seal', ['dynamodb', 'kms', 's3']],
    ['migrate', ['kms', 'rds-data', 'secrets-manager']],
  ])('that of %s holds no AWS client its role has no use for: %j', (name, useful) => {
    const clients = [...packages(name)].filter((each) => each.startsWith('@aws-sdk/client-'));
    expect(clients.filter((client) => !useful.includes(client.replace('@aws-sdk/client-', '')))).toEqual([]);
  });

  test('of functions that serve people count, and no other does', () => {
    const counting = FUNCTION_NAMES.filter((name) => packages(name).has('@aws-lambda-powertools/metrics'));
    expect(counting).toEqual(['register', 'authorize', 'token', 'mcp', 'mcp-write']);
  });

  test('of the well-known documents hold neither SDK nor middleware nor logger nor zod', () => {
    const heavy = /^@(?:aws-sdk|smithy|middy)\/|^@aws-lambda-powertools\/(?:logger|metrics)$|^zod$/;
    expect([...packages('well-known')].filter((each) => heavy.test(each))).toEqual([]);
  });
});

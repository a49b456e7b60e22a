import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { bundle } from './bundle.ts';
import { FUNCTION_NAMES, type FunctionName } from './function-names.ts';

/**
 * What the bundles weigh. `node infra/bundle-sizes.ts` prints the table of infra/README.md. Sizes are in bytes, of code
 * that was minified for this alone: what a bundle costs is what is in it, not how it is laid out. 1 KB is 1000 bytes.
 */
export type Size = {
  readonly name: FunctionName;
  /** As it is deployed. */
  readonly shipped: number;
  readonly minified: number;
  /** Bytes after minifying by package, or by folder of ours; the largest first. */
  readonly parts: readonly (readonly [string, number])[];
};

/** The functions a sign-in waits for, and how large each may become. The others are not bounded. */
export const LIMITS: Readonly<Partial<Record<FunctionName, number>>> = {
  'well-known': 15_000,
  register: 400_000,
  authorize: 400_000,
  token: 420_000,
};

/** Builds every bundle twice, below the system's temporary directory. */
export function sizesOf(root: string): readonly Size[] {
  const shipped = outputs(root, false);
  const minified = outputs(root, true);
  return FUNCTION_NAMES.map((name) => {
    const parts = [...bytesByPart(minified[name])].sort(([, a], [, b]) => b - a);
    return { name, shipped: shipped[name].bytes, minified: minified[name].bytes, parts };
  });
}

type Output = Metafile['outputs'][string];

function outputs(root: string, minify: boolean): Readonly<Record<FunctionName, Output>> {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-sizes-'));
  try {
    bundle({ root, names: FUNCTION_NAMES, output, minify });
    const entries = FUNCTION_NAMES.map((name) => [name, outputOf(join(output, 'meta', `${name}.json`))]);
    return Object.fromEntries(entries) as Record<FunctionName, Output>;
  } finally {
    rmSync(output, { recursive: true });
  }
}

/** The one output that the metafile of a bundle describes. */
export function outputOf(metafile: string): Output {
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  const [output] = Object.values(outputs);
  if (output === undefined) throw new Error(`${metafile} describes no bundle`);
  return output;
}

/** Bytes in a bundle by package, or by folder of ours. A package that was shaken out whole is not in it. */
export function bytesByPart({ inputs }: Output): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    if (bytesInOutput > 0) bytes.set(partOf(path), (bytes.get(partOf(path)) ?? 0) + bytesInOutput);
  }
  return bytes;
}

function partOf(path: string): string {
  const [name] = /(?<=.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
  return name ?? path.split('/').slice(0, 3).join('/');
}

/** Kilobytes of 1000 bytes, as a person reads them. */
export function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0);
}

/** The rows of the table in infra/README.md. */
function tableOf(sizes: readonly Size[]): string {
  const rows = sizes.map(({ name, minified, shipped }) => {
    const limit = LIMITS[name];
    return `| \`${name}\` | ${kilobytes(minified)} | ${limit === undefined ? '–' : limit / 1000} | ${kilobytes(shipped)} |`;
  });
  return ['| Bundle | minified, KB | at most, KB | as shipped, KB |', '|---|---|---|---|', ...rows].join('\n');
}

if (import.meta.main) process.stdout.write(`${tableOf(sizesOf(fileURLToPath(new URL('..', import.meta.url))))}\n`);

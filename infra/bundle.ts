import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildFailure, type BuildOptions, type BuildResult, buildSync, type Metafile } from 'esbuild';
import { filesIn, keepOnly, writeChanged } from './files.ts';
import type { FunctionName } from './function-names.ts';
import { Problem } from './problem.ts';

/**
 * The bundles: `functions/<name>/handler.ts` becomes `build/functions/<name>/index.js`, the very directory that is
 * deployed and that the local run executes. CommonJS starts faster than a module and needs no banner; the SDK is inside,
 * because the runtime's own copy loads slower and changes without us. Neither minified nor mapped: what runs is what an
 * auditor reads, and line numbers in a stack trace are those of the file beside it.
 */
export type BundleOptions<N extends FunctionName> = {
  /** The repository: paths in bundles, metafiles and messages are relative to it. */
  readonly root: string;
  readonly names: readonly N[];
  /** @default - `build` below the root */
  readonly output?: string;
  /** Whether `mcp` gets the parser of the tool `query`. @default false */
  readonly freeSql?: boolean;
  /** To measure by: whitespace and the length of a name say nothing about what a bundle holds. @default false */
  readonly minify?: boolean;
};

type Built = BuildResult<{ write: false; metafile: true }>;

/**
 * What stands in the place of a package, or of a part of one, for every import of it by whomever. The AWS clients import a
 * chain of places to find credentials in, a quarter of a bundle and all of it but one link useless in Lambda: they get that
 * link. They also import what reads streams of events, and call no operation that has one: they get a refusal.
 */
const INSTEAD = {
  '@aws-sdk/credential-provider-node': './functions/adapters/environment-credentials.ts',
  '@smithy/core/event-streams': './functions/adapters/no-event-streams.ts',
};

/** The directory a function reads at run time: copied from beside its handler to beside its bundle. */
const BESIDE: Readonly<Partial<Record<FunctionName, string>>> = { migrate: 'migrations' };

/** The WebAssembly that esbuild leaves out, and that its package looks for beside the code that holds it. */
const PARSER = { path: 'libpg-query.wasm', from: 'node_modules/libpg-query/wasm/libpg-query.wasm' } as const;

/**
 * Bundles the functions and returns the directory of each. The same sources give the same bytes, wherever and however
 * often it runs, so an unchanged function is not deployed again. What each bundle was made of is in
 * `build/meta/<name>.json`, beside the assets and not in them.
 *
 * @throws Problem `functions/tools/x.ts:3: …`, one line for each mistake in the sources.
 */
export function bundle<const N extends FunctionName>(options: BundleOptions<N>): Readonly<Record<N, string>> {
  const output = options.output ?? join(options.root, 'build');
  const built = compile(options, output);
  const directories = options.names.map((name) => {
    const directory = join(output, 'functions', name);
    const code = built.outputFiles.find(({ path }) => path === join(directory, 'index.js'));
    if (code === undefined) throw new Error(`esbuild wrote no bundle for ${name}`);
    keepOnly(directory, new Map([['index.js', code.contents], ...besides(options, name)]));
    writeChanged(
      join(output, 'meta', `${name}.json`),
      Buffer.from(`${JSON.stringify(metafileOf(built.metafile, name), null, 2)}\n`),
    );
    return [name, directory] as const;
  });
  return Object.fromEntries(directories) as Record<N, string>;
}

function besides(
  { root, freeSql = false }: BundleOptions<FunctionName>,
  name: FunctionName,
): (readonly [string, Uint8Array])[] {
  if (freeSql && name === 'mcp') return [[PARSER.path, readFileSync(join(root, PARSER.from))]];
  const beside = BESIDE[name];
  if (beside === undefined) return [];
  return filesIn(join(root, 'functions', name, beside)).map(({ path, contents }) => [join(beside, path), contents]);
}

function compile({ root, names, minify = false }: BundleOptions<FunctionName>, output: string): Built {
  try {
    return buildSync({ ...bundling(root, names, output), minify });
  } catch (failure) {
    throw inSentences(failure);
  }
}

/** How esbuild makes the bundles of these functions; the local run rebuilds a changed one in the same way. */
export function bundling(root: string, names: readonly FunctionName[], output: string) {
  return {
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: join(output, 'functions'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The ES modules of a dependency, which can be shaken, before its CommonJS: half the size.
    mainFields: ['module', 'main'],
    alias: INSTEAD,
    metafile: true,
    write: false,
    logLevel: 'silent',
  } as const satisfies BuildOptions;
}

/** A failure of esbuild as a Problem, one line `file:line: …` for each mistake in the sources; anything else as it is. */
export function inSentences(failure: unknown): unknown {
  const { errors } = failure as Partial<BuildFailure>;
  if (errors === undefined) return failure;
  return new Problem(
    errors.map(({ location, text }) => (location ? `${location.file}:${location.line}: ${text}` : text)).join('\n'),
  );
}

/** The part of a metafile that concerns one bundle. */
function metafileOf(all: Metafile, name: FunctionName): Metafile {
  const [path, output] = Object.entries(all.outputs).find(([path]) => path.endsWith(`/${name}/index.js`)) ?? [];
  if (path === undefined || output === undefined) throw new Error(`esbuild described no bundle for ${name}`);
  const inputs = Object.entries(all.inputs).filter(([input]) => Object.hasOwn(output.inputs, input));
  return { inputs: Object.fromEntries(inputs), outputs: { [path]: output } };
}

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildContext, context, type Metafile } from 'esbuild';
import { bundling, inSentences } from '../../bundle.ts';
import type { FunctionName } from '../../function-names.ts';

export type RebuildOptions = {
  /** The repository. */
  readonly root: string;
  /** Where new bundles go, one directory a rebuild: those before may still be running. */
  readonly directory: string;
  /** The functions, and the directory that each of them runs from now. */
  readonly running: ReadonlyMap<FunctionName, string>;
};

export type Rebuilder = {
  /** Builds the functions that run tools once, so that the first change of a tool is as fast as the next. */
  readonly warmUp: () => Promise<void>;
  /**
   * Builds the functions that are made of one of these files.
   *
   * @param changed paths relative to the repository
   * @returns the new directories of the functions whose bundle is another one now
   * @throws Problem `functions/tools/x.ts:3: …`, one line for each mistake in the sources
   */
  readonly rebuild: (changed: ReadonlySet<string>) => Promise<ReadonlyMap<FunctionName, string>>;
  /** These bundles run now: what comes next is compared with them. */
  readonly accept: (taskRoots: ReadonlyMap<FunctionName, string>) => void;
  readonly close: () => Promise<void>;
};

type Target = {
  readonly name: FunctionName;
  context: Promise<BuildContext<ReturnType<typeof bundling>>> | undefined;
  /** The files it was last made of; undefined while that is not known. */
  inputs: ReadonlySet<string> | undefined;
  digest: string;
  taskRoot: string;
};

/** Rebuilds bundles in esbuild's own process, each in a context of its own that remembers what has not changed. */
export function createRebuilder({ root, directory, running }: RebuildOptions): Rebuilder {
  const targets = [...running].map(([name, taskRoot]): Target => {
    const digest = digestOf(codeIn(taskRoot));
    return { name, context: undefined, inputs: knownInputs(root, name, digest), digest, taskRoot };
  });
  let builds = 0;
  let closed = false;
  let warming: Promise<void> | undefined;

  const build = async (target: Target): Promise<Uint8Array> => {
    target.context ??= context(bundling(root, [target.name], join(root, 'build')));
    try {
      const { outputFiles, metafile } = await (await target.context).rebuild();
      const [code] = outputFiles;
      if (code === undefined) throw new Error(`esbuild wrote no bundle for ${target.name}`);
      target.inputs = new Set(Object.keys(metafile.inputs));
      return code.contents;
    } catch (failure) {
      throw inSentences(failure);
    }
  };

  return {
    warmUp: () => {
      const warm = async () => {
        // One after the other: whoever has just started the stack is about to use it. What is wrong is told by a reload.
        for (const target of targets.filter(({ name }) => name.startsWith('mcp'))) {
          if (!closed) await build(target).catch(() => undefined);
        }
      };
      warming = warm();
      return warming;
    },
    rebuild: async (changed) => {
      const affected = targets.filter(({ inputs }) => inputs === undefined || isAnyIn(changed, inputs));
      const built = await Promise.all(affected.map(async (target) => ({ target, code: await build(target) })));
      const others = built.filter(({ target, code }) => digestOf(code) !== target.digest);
      if (others.length === 0) return new Map();
      const place = join(directory, String(++builds));
      return new Map(others.map(({ target, code }) => [target.name, placed(place, target, code)]));
    },
    accept: (taskRoots) => {
      for (const target of targets) {
        const taskRoot = taskRoots.get(target.name);
        if (taskRoot === undefined) continue;
        target.taskRoot = taskRoot;
        target.digest = digestOf(codeIn(taskRoot));
      }
    },
    close: async () => {
      // A context that is made after the others were disposed of would keep this process alive.
      closed = true;
      await warming;
      const contexts = await Promise.all(targets.map(({ context }) => context));
      await Promise.all(contexts.map((one) => one?.dispose()));
    },
  };
}

/** What a function reads at run time lies beside its code, and stays as it was. */
function placed(place: string, target: Target, code: Uint8Array): string {
  const taskRoot = join(place, target.name);
  mkdirSync(taskRoot, { recursive: true });
  cpSync(target.taskRoot, taskRoot, { recursive: true });
  writeFileSync(join(taskRoot, 'index.js'), code);
  return taskRoot;
}

/**
 * What a bundle was made of, as synthesis wrote it down, if it wrote it of this very bundle: a cached assembly may be
 * older than what is in `build` now.
 */
function knownInputs(root: string, name: FunctionName, digest: string): ReadonlySet<string> | undefined {
  try {
    if (digestOf(codeIn(join(root, 'build', 'functions', name))) !== digest) return undefined;
    const { inputs } = JSON.parse(readFileSync(join(root, 'build', 'meta', `${name}.json`), 'utf8')) as Metafile;
    return new Set(Object.keys(inputs));
  } catch {
    return undefined;
  }
}

function isAnyIn(changed: ReadonlySet<string>, inputs: ReadonlySet<string>): boolean {
  return [...changed].some((path) => inputs.has(path));
}

function codeIn(taskRoot: string): Uint8Array {
  return readFileSync(join(taskRoot, 'index.js'));
}

function digestOf(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}

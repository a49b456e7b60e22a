import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FUNCTION_NAMES, type FunctionName } from '../../function-names.ts';
import { Problem } from '../../problem.ts';
import type { Cloud } from '../cloud.ts';
import { type Inspected, inspectTools } from './inspect-tools.ts';
import { createRebuilder } from './rebuild.ts';

export type Reloaded = {
  /** The functions that run other code now. None: what changed is part of none of them. */
  readonly functions: readonly FunctionName[];
  /** The tools as they are now. */
  readonly inspected: Exclude<Inspected, { readonly problem: string }>;
};

export type Reloader = {
  readonly warmUp: () => Promise<void>;
  /**
   * Brings changed sources into the functions that run. Requests that are being answered are finished by the old code.
   *
   * @param changed paths relative to the checkout
   * @throws Problem with what is wrong with the sources. Everything then runs on as it was, and the next reload takes
   * these changes with it.
   */
  readonly reload: (changed: ReadonlySet<string>) => Promise<Reloaded>;
  readonly close: () => Promise<void>;
};

/**
 * Reloads the functions of a running cloud.
 *
 * @param directory where bundles are kept as long as they run; it is emptied first
 */
export function createReloader(checkout: string, directory: string, bundles: Cloud['bundles']): Reloader {
  rmSync(directory, { recursive: true, force: true });
  const running = new Map<FunctionName, string>();
  for (const [service, taskRoot] of bundles.taskRoots()) {
    const name = FUNCTION_NAMES.find((known) => known === service);
    if (name) running.set(name, taskRoot);
  }
  const rebuilder = createRebuilder({ root: checkout, directory, running });
  let pending: ReadonlySet<string> = new Set();

  return {
    warmUp: rebuilder.warmUp,
    reload: async (changed) => {
      pending = new Set([...pending, ...changed]);
      const [built, inspected] = await Promise.allSettled([rebuilder.rebuild(pending), inspectTools(checkout)]);
      // The bundler's sentence first: it knows the line.
      if (built.status === 'rejected') throw built.reason;
      if (inspected.status === 'rejected') throw inspected.reason;
      if ('problem' in inspected.value) throw new Problem(inspected.value.problem);
      if (built.value.size > 0) {
        const { drained } = await bundles.swap(built.value);
        const previous = [...built.value.keys()].map((name) => running.get(name));
        for (const [name, taskRoot] of built.value) running.set(name, taskRoot);
        void drained.then(() => forget(directory, previous));
      }
      rebuilder.accept(built.value);
      pending = new Set();
      return { functions: [...built.value.keys()], inspected: inspected.value };
    },
    close: rebuilder.close,
  };
}

/** Bundles that no thread runs any more. Those of the assembly belong to others. */
function forget(directory: string, taskRoots: readonly (string | undefined)[]): void {
  for (const taskRoot of taskRoots) {
    if (taskRoot !== undefined && dirname(dirname(taskRoot)) === join(directory)) {
      rmSync(taskRoot, { recursive: true, force: true });
    }
  }
}

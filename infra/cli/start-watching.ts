import { join } from 'node:path';
import type picocolors from 'picocolors';
import type { Cloud } from '../local/cloud.ts';
import { createReloader, type Reloaded } from '../local/reload/reload.ts';
import { type Watcher, watchSources } from '../local/reload/watch.ts';
import { synthesize } from '../local/synthesize.ts';
import { Problem } from '../problem.ts';
import { CHECKOUT } from './checkout.ts';

type Colors = typeof picocolors;

/** What tells that sources changed, and what came of it. */
export type Telling = { readonly out: (text: string) => void; readonly colors: Colors; readonly now: () => Date };

export type Watching = {
  /** Resolves when a change needs more than other code: the template or the database changed, and both are right. */
  readonly restart: Promise<'restart'>;
  /** Resolves when no reload is under way any more, and none will begin. */
  readonly close: () => Promise<void>;
};

/** What reaches the template or the database: the stack starts again, which takes seconds and keeps all data. */
const TEMPLATE = /^(?:cdk\.json$|functions\/migrate\/migrations\/)/;

/**
 * Follows the sources of the functions while the stack runs, and reloads what changed.
 *
 * @param watcher closed with what this returns
 * @param drift the tools that are not as they were reviewed, as far as was told
 */
export function followSources(
  watcher: Watcher,
  cloud: Cloud,
  directory: string,
  drift: readonly string[],
  telling: Telling,
): Watching {
  const reloader = createReloader(CHECKOUT, join(directory, 'reload'), cloud.bundles);
  const say = sayings(telling, drift);
  const { promise: restart, resolve: askRestart } = Promise.withResolvers<'restart'>();
  const closed = Promise.withResolvers<undefined>();

  const follow = async () => {
    void reloader.warmUp();
    for (;;) {
      const change = await Promise.race([watcher.next(), closed.promise]);
      if (change === undefined) return;
      const { paths, noticed } = change;
      try {
        if ([...paths].some((path) => TEMPLATE.test(path))) {
          await synthesize(CHECKOUT);
          say.restarting(paths);
          return askRestart('restart');
        }
        say.reloaded(paths, await reloader.reload(paths), performance.now() - noticed);
      } catch (error) {
        say.refused(error);
      }
    }
  };
  const following = follow();
  return {
    restart,
    close: async () => {
      watcher.close();
      closed.resolve(undefined);
      await following;
      await reloader.close();
    },
  };
}

/** Begins to watch the sources. Before the stack starts: what is written meanwhile is a change too. */
export function watchCheckout(): Watcher {
  return watchSources(CHECKOUT, 'functions', ['cdk.json']);
}

/** Waits for a change while nothing runs, because the sources are not right. */
export function awaitChange(): Watching {
  const watcher = watchCheckout();
  const changed = async () => {
    await watcher.next();
    return 'restart' as const;
  };
  return { restart: changed(), close: async () => watcher.close() };
}

/** The line that tells, once, that tools are not what was reviewed; nothing is refused for it while developing. */
export function driftLine(drift: readonly string[]): string {
  const names = drift.join(', ');
  return `Not as in functions/tools/tools.lock: ${names}. Before you commit: npx gatehouse tools lock`;
}

function sayings({ out, colors, now }: Telling, known: readonly string[]) {
  let told = known.join();
  const line = (mark: string, text: string) =>
    out(`  ${colors.dim(now().toTimeString().slice(0, 8))}  ${mark}    ${text}`);
  const some = (paths: ReadonlySet<string>) => {
    // Editors write through files of other names; those are gone by now.
    const sources = [...paths].filter((path) => /\.(?:ts|json|sql)$/.test(path));
    const [first = '', ...rest] = (sources.length > 0 ? sources : [...paths]).sort();
    return rest.length === 0 ? first : `${first} and ${rest.length} more`;
  };
  return {
    reloaded: (paths: ReadonlySet<string>, { functions, inspected }: Reloaded, milliseconds: number) => {
      const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
      if (functions.length > 0)
        line(colors.green('~'), `${some(paths)}: reloaded ${functions.join(', ')} in ${seconds}`);
      const drift = inspected.drift.join();
      if (drift !== told && drift !== '') line(colors.yellow('!'), driftLine(inspected.drift));
      told = drift;
    },
    restarting: (paths: ReadonlySet<string>) =>
      line(colors.green('~'), `${some(paths)}: starting again, with all data`),
    refused: (error: unknown) => {
      const what = error instanceof Problem ? error.message : ((error as Error).stack ?? String(error));
      line(colors.red('!'), `${what}\n            What ran before goes on.`);
    },
  };
}

import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join, relative } from 'node:path';

/** An editor writes a file in several steps, and a checkout of another branch writes many: milliseconds of quiet. */
const QUIET = 80;
/** What editors leave beside a file while they write it, and what no bundle is made of. */
const IGNORED = /(?:~|\.sw[a-z]|\.tmp|\.md|\.lock)$|(?:^|\/)(?:\.[^/]*|#[^/]*#|4913)$/;

export type Change = {
  /** Relative to the root: everything that changed since the last time. */
  readonly paths: ReadonlySet<string>;
  /** When the first of it was noticed, in milliseconds of `performance.now`. */
  readonly noticed: number;
};

export type Watcher = {
  /** Waits for a change, and for quiet after it. */
  readonly next: () => Promise<Change>;
  readonly close: () => void;
};

/**
 * Watches the directories below `directory`, and single files of the root. One watch a directory and none a file: an
 * editor that replaces a file takes the watched one away.
 */
export function watchSources(root: string, directory: string, files: readonly string[]): Watcher {
  const watchers = new Map<string, FSWatcher>();
  let changed = new Set<string>();
  let noticed = 0;
  let waiting: ((change: Change) => void) | undefined;
  let quiet: NodeJS.Timeout | undefined;

  const tell = () => {
    if (changed.size === 0 || waiting === undefined) return;
    const [answer, paths] = [waiting, changed];
    waiting = undefined;
    changed = new Set();
    answer({ paths, noticed });
  };
  const note = (path: string) => {
    if (IGNORED.test(path)) return;
    if (changed.size === 0) noticed = performance.now();
    changed.add(path);
    clearTimeout(quiet);
    quiet = setTimeout(tell, QUIET);
  };
  const listen = (path: string, onChange: (name: string) => void) => {
    const watcher = watch(path, (_event, name) => {
      if (name !== null) onChange(name);
    });
    // A directory that goes takes its watch with it.
    watcher.on('error', () => watcher.close());
    watchers.get(path)?.close();
    watchers.set(path, watcher);
  };
  /** A directory that was taken away and is back is another one: its watch is still on the old. */
  const forget = (path: string) => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const watchBelow = (path: string) => {
    for (const found of [path, ...directoriesBelow(path)]) {
      if (watchers.has(found)) continue;
      listen(found, (name) => {
        note(relative(root, join(found, name)));
        forget(join(found, name));
        watchBelow(found);
      });
    }
  };

  watchBelow(join(root, directory));
  listen(root, (name) => {
    if (files.includes(name)) note(name);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        clearTimeout(quiet);
        quiet = setTimeout(tell, QUIET);
      }),
    close: () => {
      clearTimeout(quiet);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

function directoriesBelow(path: string): string[] {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Place } from './postgres-account.ts';
import { type PostgresBinaries, programsIn } from './postgres-binaries.ts';

/** Root's own, so that nobody else can prepare anything in it; passable, so that the server's account gets through. */
const TOP = '/var/tmp/gatehouse-postgres';
/** In each home: the directory it stands in for. */
const SERVES = 'serves';

/**
 * A place for root's server when its account cannot reach `directory`. The name comes from `directory`, so the data is
 * found again at the next start; the programs are copied once for all. Homes whose directory is gone are removed.
 *
 * @throws Error when `/var/tmp/gatehouse-postgres` is somebody else's, or cannot be written.
 */
export function placeElsewhere(directory: string, binaries: PostgresBinaries): Place {
  mkdirSync(TOP, { recursive: true });
  const found = lstatSync(TOP);
  if (!found.isDirectory() || found.uid !== 0) throw new Error(`${TOP} is not root's directory`);
  chmodSync(TOP, 0o711);
  removeAbandoned();
  const home = join(TOP, hashOf(directory));
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o711);
  writeFileSync(join(home, SERVES), directory);
  const root = copyOf(binaries);
  return { home, binaries: { root, ...programsIn(root) } };
}

/** The programs, copied once for each version of their package. A copy appears whole or not at all. */
function copyOf(binaries: PostgresBinaries): string {
  const { version } = JSON.parse(readFileSync(join(binaries.root, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const root = join(TOP, `programs-${version}`);
  if (existsSync(root)) return root;
  const copy = mkdtempSync(`${root}.`);
  cpSync(binaries.root, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  try {
    renameSync(copy, root);
  } catch (error) {
    // Another start was faster.
    rmSync(copy, { recursive: true, force: true });
    if (!existsSync(root)) throw error;
  }
  return root;
}

function removeAbandoned(): void {
  for (const name of readdirSync(TOP)) {
    const home = join(TOP, name);
    const note = join(home, SERVES);
    if (!existsSync(note) || existsSync(readFileSync(note, 'utf8'))) continue;
    // A server that still runs is left to its own start.
    if (!existsSync(join(home, 'postgres-17', 'postmaster.pid'))) rmSync(home, { recursive: true, force: true });
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../problem.ts';

export type Lock = { readonly release: () => void };

/**
 * One local cloud per state directory: two would write the same tables.
 *
 * @throws Problem when a living process holds it
 */
export function acquireLock(directory: string): Lock {
  const taken = tryLock(directory);
  if ('release' in taken) return taken;
  throw new Problem(
    `${directory} is in use by another local cloud (pid ${taken.heldBy}). Stop that one, or give this one its own state: GATEHOUSE_STATE=.gatehouse-2 PORT=3010 npm start.`,
  );
}

/** Takes the lock when it is free: for work that two processes may want done at once and one should do. */
export async function waitForLock(directory: string): Promise<Lock> {
  for (;;) {
    const taken = tryLock(directory);
    if ('release' in taken) return taken;
    await pause(50);
  }
}

/**
 * The lock is a file with the owner's pid, so one that a killed process left behind is recognised and taken over. The file
 * is written elsewhere and linked into place: whoever sees it sees whose it is.
 */
function tryLock(directory: string): Lock | { readonly heldBy: number } {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'lock');
  const own = join(directory, `lock-${process.pid}-${randomUUID()}`);
  // The pid may be one that a dead process had: the rest of the line tells apart two locks of one pid.
  const line = `${process.pid} ${randomUUID()}`;
  writeFileSync(own, line, { flag: 'wx' });
  try {
    for (;;) {
      if (linked(own, path)) return { release: () => removeIf(path, line) };
      const held = contentOf(path);
      if (held === undefined) continue;
      const owner = Number(held.split(' ')[0]);
      if (isAlive(owner)) return { heldBy: owner };
      removeIf(path, held);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Gives a file a second name, unless there is a file of that name. */
function linked(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Removes a lock, if it is still the one that was read: another process may have removed it meanwhile and taken its place.
 * Renamed first, which only one of them can, then looked at, and put back if it was the other's.
 */
function removeIf(path: string, line: string): void {
  const aside = `${path}-${process.pid}-${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return;
  }
  if (contentOf(aside) !== line) linked(aside, path);
  rmSync(aside, { force: true });
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

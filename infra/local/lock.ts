import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
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

/** The lock is a file with the owner's pid, so one that a killed process left behind is recognised and taken over. */
function tryLock(directory: string): Lock | { readonly heldBy: number } {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'lock');
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = ownerOf(path);
      if (owner !== undefined && isAlive(owner)) return { heldBy: owner };
      rmSync(path, { force: true });
    }
  }
}

function ownerOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
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

import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './problem.ts';

/**
 * One local cloud per state directory: two would write the same tables. The lock is a file with the owner's pid, so one
 * left behind by a killed process is recognised and taken over.
 *
 * @throws Problem when a living process holds it.
 */
export function acquireLock(directory: string): { readonly release: () => void } {
  const path = join(directory, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(path, 'utf8'));
      if (isAlive(owner)) {
        throw new Problem(
          `${directory} is in use by another local cloud (pid ${owner}). Stop that one, or give this one its own state: GATEHOUSE_STATE=.gatehouse-2 PORT=3010 npm start.`,
        );
      }
      rmSync(path, { force: true });
    }
  }
  throw new Problem(`${path} keeps coming back. Delete it and start again.`);
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

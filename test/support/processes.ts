import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Alive, and not merely a dead process that nobody has waited for. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until the process is gone, and says whether it went. */
export async function goneWithin(milliseconds: number, pid: number): Promise<boolean> {
  for (let waited = 0; waited < milliseconds; waited += 20) {
    if (!isRunning(pid)) return true;
    await sleep(20);
  }
  return false;
}

/** The shells that stand between a server and the process that started it. */
export function watchersOf(data: string): readonly number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const command = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  return processes.filter((pid) => command(pid).startsWith('/bin/sh') && command(pid).includes(data)).map(Number);
}

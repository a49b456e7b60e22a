import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../problem.ts';

type Process = { readonly parent: number; readonly command: string };

/**
 * Makes way for a new server on `data`: a pid file whose server is gone is removed, and a server that outlived the
 * process that started it is stopped. PostgreSQL's own check knows only that *some* process has the pid.
 *
 * @param owner pid of the process that started the last server on this data, as it was recorded then
 * @throws Problem when that process still runs, or when the leftover does not stop.
 */
export async function clearLeftover(data: string, owner: number | undefined): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  if (serverProcess(pid, data) !== undefined) await stopLeftover(pid, data, owner);
  rmSync(file, { force: true });
}

async function stopLeftover(pid: number, data: string, owner: number | undefined): Promise<void> {
  if (owner !== undefined && ownerOf(pid, data) === owner) {
    throw new Problem(
      `The database in ${data} is in use by another local cloud (pid ${owner}). Stop that one first, or give this one its own state directory.`,
    );
  }
  // Fast shutdown, then immediate shutdown: both leave data that the next start can use.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new Problem(`A database left over in ${data} (pid ${pid}) belongs to another user. Stop it first.`, {
        cause,
      });
    }
    for (let waited = 0; waited < 8_000; waited += 50) {
      if (serverProcess(pid, data) === undefined) return;
      await sleep(50);
    }
  }
  throw new Problem(`A database left over in ${data} (pid ${pid}) does not stop. Stop it: kill -9 ${pid}.`);
}

/**
 * The process that keeps the server: the parent of the shell that watches it. An orphan's parent is another (init, or
 * whoever adopts), so comparing it with the recorded pid is right even when that pid has since been given to a stranger.
 */
function ownerOf(pid: number, data: string): number | undefined {
  const parent = serverProcess(pid, data)?.parent;
  const watcher = parent === undefined ? undefined : processOf(parent);
  return watcher?.command.includes(data) ? watcher.parent : parent;
}

function serverProcess(pid: number, data: string): Process | undefined {
  const found = processOf(pid);
  return found?.command.includes(data) ? found : undefined;
}

function processOf(pid: number): Process | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  try {
    if (process.platform === 'linux') {
      // Field 2 of stat is the name in brackets, which may hold anything; the parent is the second field after it.
      const after = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ');
      return {
        parent: Number(after?.[1]),
        command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
      };
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [parent = '', ...command] = line.split(/\s+/);
    return { parent: Number(parent), command: command.join(' ') };
  } catch {
    return undefined;
  }
}

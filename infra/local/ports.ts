import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { Problem } from '../problem.ts';

/** The gateway's port; the identity provider's is one more, the AWS endpoint's two more. */
export type Ports = { readonly gateway: number; readonly identity: number; readonly aws: number };

/**
 * The three ports of a run, checked to be free before anything starts.
 *
 * @throws Problem when `port` is no usable number, or when one of the three is taken.
 */
export async function claimPorts(port: string | undefined): Promise<Ports> {
  const gateway = Number(port ?? 3000);
  if (!Number.isInteger(gateway) || gateway < 1024 || gateway > 65_533) {
    throw new Problem(
      `PORT is "${port}", which is no port. Give a whole number from 1024 to 65533, such as PORT=3010.`,
    );
  }
  const ports = { gateway, identity: gateway + 1, aws: gateway + 2 };
  for (const candidate of Object.values(ports)) {
    if (await isFree(candidate)) continue;
    const other = gateway === 3010 ? 3020 : 3010;
    const advice = `Stop it, or run PORT=${other} npm start (${other} to ${other + 2} are used).`;
    throw new Problem(`Port ${candidate} is taken by ${ownerOf(candidate)}. ${advice}`);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** "node (pid 4121)" where Linux's /proc tells, "another program" elsewhere: naming the owner is a courtesy, no need. */
function ownerOf(port: number): string {
  try {
    const inodes = listeningInodes(port);
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsOneOf(pid, inodes)) return `${commandOf(pid)} (pid ${pid})`;
    }
  } catch {
    // No /proc, or not ours to read.
  }
  return 'another program';
}

/** The program's name. `comm` would do, had Node not named its main thread MainThread. */
function commandOf(pid: string): string {
  const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return basename(program);
}

function listeningInodes(port: number): ReadonlySet<string> {
  const LISTEN = '0A';
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1));
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return new Set(columns.filter((c) => c[1]?.endsWith(wanted) && c[3] === LISTEN).map((c) => `socket:[${c[9]}]`));
}

function holdsOneOf(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

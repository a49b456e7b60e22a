import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { run } from './commands.ts';

/** Something that this machine does not have and a suite needs: the suite is skipped, and says so. */
export class Lacking extends Error {}

/**
 * What a program says of its version. Some say it on standard error.
 *
 * @throws Lacking when it cannot be started; `wanted` says what would do
 */
export async function versionOf(program: string, args: readonly string[], wanted: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args);
    return `${stdout}${stderr}`;
  } catch {
    throw new Lacking(`${program} cannot be run here; ${wanted} is needed`);
  }
}

/** How pip and Maven word it that they reach nobody. That something is not there where they asked is another matter. */
const UNREACHABLE =
  /Could not transfer|Unknown host|offline mode|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name|Network is unreachable/i;

/**
 * Fetches what a suite needs, with a package manager.
 *
 * @throws Lacking when the package manager reaches nobody
 * @throws Error with its last lines when it fails for another reason: what is pinned here is wrong then
 */
export async function fetched(from: string, program: string, args: readonly string[]): Promise<void> {
  try {
    await run(program, args);
  } catch (error) {
    if (error instanceof Error && UNREACHABLE.test(error.message)) throw new Lacking(`${from} cannot be reached`);
    throw error;
  }
}

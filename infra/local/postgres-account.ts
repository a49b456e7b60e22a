import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../problem.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { placeElsewhere } from './postgres-elsewhere.ts';

/** The operating-system user the server runs as. `undefined` is whoever runs us. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

/** Where the server's files are, and the programs it runs, both reachable for the account it runs as. */
export type Place = { readonly home: string; readonly binaries: PostgresBinaries };

const USER = 'postgres';

/**
 * PostgreSQL refuses to run as root, so root runs it as the user `postgres`, who is made when missing (a container
 * rarely has one). Everybody else runs it as themselves.
 *
 * @throws Problem when the user is missing and cannot be made.
 */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  return accountOf(USER) ?? createAccount();
}

function accountOf(user: string): Account {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function createAccount(): Account {
  let cause: unknown;
  try {
    execFileSync('groupadd', ['--system', USER], { stdio: 'ignore' });
  } catch {
    // It exists, or useradd says what is wrong.
  }
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--gid', USER, USER], { stdio: 'pipe' });
  } catch (error) {
    cause = error;
  }
  const account = accountOf(USER);
  if (account !== undefined) return account;
  throw new Problem(
    `PostgreSQL does not run as root, and the user "${USER}" could not be made. Run this as another user, or make one: useradd --system ${USER}.`,
    { cause },
  );
}

/**
 * Chooses where the server lives. Its account must be able to pass every directory above its data and its programs; a
 * checkout below a home directory of mode 700, run as root, shuts it out. Then both go below /var/tmp.
 *
 * @throws Problem naming the directory that shuts the account out, when there is no other place.
 */
export function choosePlace(directory: string, binaries: PostgresBinaries, account: Account): Place {
  const blocked = account && (firstBlocked(directory, account) ?? firstBlocked(binaries.root, account));
  if (blocked === undefined) return { home: directory, binaries };
  try {
    return placeElsewhere(directory, binaries);
  } catch (cause) {
    throw new Problem(
      `PostgreSQL runs as the user "${USER}", who may not pass ${blocked}. Run chmod o+x ${blocked}, or use a checkout outside it.`,
      { cause },
    );
  }
}

/** The first directory, from the root down, that the account may not pass (execute permission, POSIX). */
export function firstBlocked(
  path: string,
  account: { readonly uid: number; readonly gid: number },
): string | undefined {
  const parent = dirname(path);
  const above = parent === path ? undefined : firstBlocked(parent, account);
  if (above !== undefined) return above;
  const { mode, uid, gid } = statSync(path);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (mode & bit) === 0 ? path : undefined;
}

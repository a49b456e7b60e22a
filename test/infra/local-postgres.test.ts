import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../infra/local/postgres.ts';
import { choosePlace, firstBlocked, serverAccount } from '../../infra/local/postgres-account.ts';
import { findPostgres } from '../../infra/local/postgres-binaries.ts';
import { ensureDatabase } from '../../infra/local/postgres-database.ts';
import { goneWithin, isRunning, watchersOf } from '../support/processes.ts';

const root = process.getuid?.() === 0;
let directory: string;
let running: Postgres | undefined;
let host: ChildProcess | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'));
  chmodSync(directory, 0o755);
  await (await startPostgres({ directory })).stop();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  if (host === undefined || host.exitCode !== null) return;
  const pid = existsSync(pidFile()) ? serverPid() : 0;
  host.kill('SIGKILL');
  host = undefined;
  await goneWithin(5_000, pid);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const pidFile = () => join(directory, 'postgres-17', 'postmaster.pid');
const serverPid = () => Number(readFileSync(pidFile(), 'utf8').split('\n', 1)[0]);

/** Another process that starts the server over the same data and keeps it. */
async function startInAnotherProcess(): Promise<ChildProcess> {
  const module = JSON.stringify(new URL('../../infra/local/postgres.ts', import.meta.url).href);
  const program = `const { startPostgres } = await import(${module});
    await startPostgres({ directory: ${JSON.stringify(directory)} });
    console.log('up'); setInterval(() => {}, 1000);`;
  host = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (host.stdout) await once(host.stdout, 'data');
  return host;
}

async function one(postgres: Postgres, login: { user: string; password: string; database: string }, sql: string) {
  const client = new pg.Client({ host: postgres.host, port: postgres.port, ...login });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0] as Record<string, unknown>;
  } finally {
    await client.end();
  }
}

test('a second start keeps the data, needs no initdb, and stop leaves no process', async () => {
  const first = await startPostgres({ directory });
  const superuser = { ...first.superuser, database: 'postgres' };
  await one(first, superuser, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const pid = serverPid();
  await first.stop();
  expect(isRunning(pid)).toBe(false);

  const before = performance.now();
  running = await startPostgres({ directory });
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(await one(running, superuser, 'SELECT answer FROM kept')).toEqual({ answer: 42 });
});

test('it is PostgreSQL 17 on loopback only, with SCRAM passwords and no prepared transactions', async () => {
  running = await startPostgres({ directory });
  const settings = await one(
    running,
    { ...running.superuser, database: 'postgres' },
    `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('listen_addresses') AS addresses,
            current_setting('unix_socket_directories') AS sockets, current_setting('max_prepared_transactions') AS prepared,
            current_setting('server_encoding') AS encoding, current_setting('password_encryption') AS passwords,
            (SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules) AS methods`,
  );
  expect(settings).toEqual({
    version: 17,
    addresses: '127.0.0.1',
    sockets: '',
    prepared: '0',
    encoding: 'UTF8',
    passwords: 'scram-sha-256',
    methods: 'scram-sha-256',
  });
  const wrong = one(running, { ...running.superuser, password: 'wrong', database: 'postgres' }, 'SELECT 1');
  await expect(wrong).rejects.toMatchObject({ code: '28P01' });
});

test.runIf(process.platform === 'linux')('a killed parent takes the server with it', async () => {
  const parent = await startInAnotherProcess();
  const pid = serverPid();
  parent.kill('SIGKILL');
  expect(await goneWithin(5_000, pid)).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'a server that outlived its parent and its watcher is stopped by the next start',
  async () => {
    const parent = await startInAnotherProcess();
    const pid = serverPid();
    for (const watcher of watchersOf(directory)) process.kill(watcher, 'SIGKILL');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(isRunning(pid)).toBe(true);

    running = await startPostgres({ directory });
    expect(isRunning(pid)).toBe(false);
    expect(serverPid()).not.toBe(pid);
  },
);

test.runIf(process.platform === 'linux')('a start beside a living one is refused and names its process', async () => {
  const parent = await startInAnotherProcess();
  const pid = serverPid();
  await expect(startPostgres({ directory })).rejects.toThrow(`is in use by another local cloud (pid ${parent.pid})`);
  expect(isRunning(pid)).toBe(true);
});

test('a pid file left by a crash, naming a process that is something else now, is no obstacle', async () => {
  writeFileSync(pidFile(), `${process.pid}\n${join(directory, 'postgres-17')}\n1700000000\n5432\n\n127.0.0.1\n`);
  running = await startPostgres({ directory });
  expect(serverPid()).not.toBe(process.pid);
});

test('a start that fails says why in one sentence', async () => {
  running = await startPostgres({ directory });
  const other = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'));
  chmodSync(other, 0o755);
  try {
    const taken = startPostgres({ directory: other, port: running.port });
    await expect(taken).rejects.toThrow(/^PostgreSQL did not start over .*: .*could not (bind|create).*\.$/);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test('the master user owns the database and is no superuser, whatever its password was before', async () => {
  running = await startPostgres({ directory });
  const options = { postgres: running, database: 'gatehouse', adminUser: 'gatehouse_admin' };
  await ensureDatabase({ ...options, adminPassword: 'first0Password' });
  await ensureDatabase({ ...options, adminPassword: 'second0Password' });
  const login = { user: 'gatehouse_admin', database: 'gatehouse', password: 'second0Password' };
  const role = await one(
    running,
    login,
    `SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication,
            pg_catalog.pg_get_userbyid(d.datdba) = current_user AS owner
       FROM pg_roles, pg_database d WHERE rolname = current_user AND d.datname = current_database()`,
  );
  expect(role).toEqual({
    rolsuper: false,
    rolcreaterole: true,
    rolcreatedb: true,
    rolbypassrls: false,
    rolreplication: false,
    owner: true,
  });
  const elsewhere = one(running, { ...login, database: 'postgres' }, 'SELECT 1');
  await expect(elsewhere).rejects.toMatchObject({ code: '42501' });
});

test('libraries that npm ci --ignore-scripts left unlinked are linked', () => {
  const { root: native } = findPostgres();
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  const link = join(native, '..', links.at(-1)?.target ?? '');
  const before = readFileSync(link);
  rmSync(link);
  findPostgres();
  expect(readFileSync(link).equals(before)).toBe(true);
});

test.runIf(root)(
  'run as root below a directory that shuts the server out, the data goes elsewhere and is found again',
  async () => {
    const shut = mkdtempSync(join(tmpdir(), 'gatehouse-shut-'));
    const inside = join(shut, 'checkout', 'postgres');
    let place = '';
    try {
      const first = await startPostgres({ directory: inside });
      const login = { ...first.superuser, database: 'postgres' };
      const { data } = await one(first, login, `SELECT current_setting('data_directory') AS data`);
      place = join(String(data), '..');
      expect(place).toMatch(/^\/var\/tmp\/gatehouse-postgres\//);
      await one(first, login, 'CREATE TABLE kept AS SELECT 7 AS answer');
      await first.stop();
      running = await startPostgres({ directory: inside });
      expect(await one(running, login, 'SELECT answer FROM kept')).toEqual({ answer: 7 });
    } finally {
      await running?.stop();
      running = undefined;
      rmSync(shut, { recursive: true, force: true });
    }
    // With its directory gone, the next start that goes elsewhere takes the data away.
    const other = mkdtempSync(join(tmpdir(), 'gatehouse-shut-'));
    expect(existsSync(place)).toBe(true);
    choosePlace(other, findPostgres(), serverAccount());
    expect(existsSync(place)).toBe(false);
    rmSync(other, { recursive: true });
  },
);

test.runIf(root)('the directory that shuts the server out is the one named', () => {
  const account = serverAccount();
  const top = mkdtempSync(join(tmpdir(), 'gatehouse-blocked-'));
  try {
    chmodSync(top, 0o711);
    const middle = join(top, 'middle');
    const bottom = join(middle, 'bottom');
    mkdirSync(bottom, { recursive: true });
    expect(account && firstBlocked(bottom, account)).toBeUndefined();
    chmodSync(middle, 0o750);
    expect(account && firstBlocked(bottom, account)).toBe(middle);
    // Its own group may pass.
    if (account) chownSync(middle, 0, account.gid);
    expect(account && firstBlocked(bottom, account)).toBeUndefined();
    expect(existsSync(bottom)).toBe(true);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});

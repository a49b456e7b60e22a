import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTriple } from './free-ports.ts';

/** What the commands of a checkout need. Everything else in it is tests and text. */
const PARTS = ['functions', 'infra', 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json', 'biome.json'];
const READY_MS = 90_000;

/** A copy of this repository to make mistakes in, with the packages of this one. */
export type Copy = {
  readonly root: string;
  readonly read: (path: string) => string;
  readonly write: (path: string, text: string) => void;
  /** Replaces a text that must be there. */
  readonly edit: (path: string, from: string, to: string) => void;
  /** Runs `gatehouse …` in the copy. */
  readonly gatehouse: (...args: string[]) => { readonly code: number | null; readonly out: string };
  readonly remove: () => void;
};

export function copyCheckout(): Copy {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'));
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(root, 0o755);
  for (const part of PARTS) cpSync(part, join(root, part), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const write = (path: string, text: string) => writeFileSync(join(root, path), text);
  return {
    root,
    read,
    write,
    edit: (path, from, to) => {
      if (!read(path).includes(from)) throw new Error(`${path} has no "${from}"`);
      write(
        path,
        read(path).replace(from, () => to),
      );
    },
    gatehouse: (...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'infra/cli/gatehouse.mjs'), ...args], {
        cwd: root,
        encoding: 'utf8',
      });
      return { code: status, out: `${stdout}${stderr}` };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The stack of a copy, as `npm start` runs it, with everything it has printed. */
export type RunningCopy = {
  readonly issuer: string;
  readonly mcpUrl: string;
  readonly said: () => string;
  /** Resolves when what was printed matches. */
  readonly says: (pattern: RegExp) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startCopy(copy: Copy): Promise<RunningCopy> {
  const port = await freeTriple();
  const child = spawn(process.execPath, [join(copy.root, 'infra/cli/gatehouse.mjs'), 'start'], {
    cwd: copy.root,
    env: { ...process.env, PORT: String(port), GATEHOUSE_STATE: join(copy.root, '.gatehouse') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const screen = screenOf(child);
  const stop = async () => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
  };
  await screen.says(/^ {2}MCP server {3}http:/m).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const issuer = `http://localhost:${port}`;
  return { issuer, mcpUrl: `${issuer}/mcp`, ...screen, stop };
}

function screenOf(child: ChildProcess): Pick<RunningCopy, 'said' | 'says'> {
  let said = '';
  const waiting = new Set<() => void>();
  const hear = (chunk?: Buffer) => {
    said += chunk?.toString() ?? '';
    for (const look of waiting) look();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.once('exit', () => hear());
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        waiting.delete(look);
        settle();
      };
      const fail = (why: string) => done(() => reject(new Error(`${why}, waiting for ${pattern}:\n${said}`)));
      const timer = setTimeout(() => fail(`nothing after ${READY_MS} ms`), READY_MS);
      const look = () => {
        if (pattern.test(said)) done(resolve);
        else if (child.exitCode !== null) fail(`the stack ended with code ${child.exitCode}`);
      };
      waiting.add(look);
      look();
    });
  return { said: () => said, says };
}

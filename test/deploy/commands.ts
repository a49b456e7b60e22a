import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** The programs of this checkout first: aws-cdk in its pinned version, and the Node that functions run on. */
const PATH = `${resolve('node_modules/.bin')}:${process.env.PATH ?? ''}`;

export type Variables = Readonly<Record<string, string | undefined>>;

const running = new Set<ChildProcess>();

/** Starts a program as the head of a process group of its own, so that nothing it starts outlives {@link endAll}. */
export function start(program: string, args: readonly string[], env: Variables, show: (line: string) => void) {
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH, ...env },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(show);
    });
    stream.once('end', () => rest !== '' && show(rest));
  }
  return child;
}

/** Runs a program to its end. @throws Error with the last lines it wrote, when it does not end well */
export async function run(
  program: string,
  args: readonly string[],
  env: Variables = {},
  show: (line: string) => void = () => undefined,
): Promise<void> {
  const said: string[] = [];
  const child = start(program, args, env, (line) => {
    said.push(line);
    show(line);
  });
  const code = await new Promise((settle, reject) => {
    child.once('error', reject);
    child.once('close', settle);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ended with ${code}\n${said.slice(-25).join('\n')}`);
}

/** Ends everything that was started here, with all its children, and waits until it is gone. */
export async function endAll(): Promise<void> {
  const children = [...running];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const child of children) signalGroup(child, signal);
    const gone = Promise.all(children.filter((child) => running.has(child)).map(closed));
    const late = new Promise((settle) => setTimeout(settle, 5_000, 'late').unref());
    if ((await Promise.race([gone, late])) !== 'late') return;
  }
}

function closed(child: ChildProcess): Promise<unknown> {
  return new Promise((settle) => child.once('close', settle));
}

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

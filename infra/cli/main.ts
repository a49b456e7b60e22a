import { Problem } from '../problem.ts';

type Command = {
  readonly usage: string;
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<void>;
};

/** Each command is loaded when it is asked for: `audit tail` need not wait for the local cloud's modules. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    usage: 'gatehouse start [--fresh] [--no-watch] [--serving on|off]',
    summary: 'run the whole stack on this machine',
    run: async (args) => (await import('./start.ts')).start(args),
  },
  check: {
    usage: 'gatehouse check',
    summary: 'are the settings and the tools as they must be',
    run: async () => (await import('./check.ts')).check(),
  },
  doctor: {
    usage: 'gatehouse doctor [--url URL | --outputs FILE]',
    summary: 'what stands in the way: before a deployment, and of a deployed server',
    run: async (args) => (await import('./doctor/command.ts')).doctor(args),
  },
  tools: {
    usage: 'gatehouse tools list | diff | lock',
    summary: 'what clients are offered, how it differs from what was reviewed, and to write that down',
    run: async (args) => (await import('./tools/command.ts')).tools(args),
  },
  clients: {
    usage: 'gatehouse clients list | add | approve | disable | remove | invite | uninvite | rules',
    summary: 'who is in the registry; each says how it is used when something is missing',
    run: async (args) => (await import('./clients/command.ts')).clients(args),
  },
  grants: {
    usage: 'gatehouse grants list | revoke [--user SUBJECT] [--client CLIENT_ID] [--all]',
    summary: 'what people allowed which clients, and the end of it',
    run: async (args) => (await import('./grants/command.ts')).grants(args),
  },
  database: {
    usage: 'gatehouse database check [--json]',
    summary: 'who may do what in the database, and what of it nobody declared',
    run: async (args) => (await import('./database/command.ts')).database(args),
  },
  changes: {
    usage: 'gatehouse changes --from DIRECTORY --to DIRECTORY | fetch',
    summary: 'would a deployment replace what holds state, or let anybody do more',
    run: async (args) => (await import('./changes/command.ts')).changes(args),
  },
  audit: {
    usage: 'gatehouse audit tail | query | export | verify | key',
    summary: 'what was called, by whom, and what was decided, and the proof that nothing of it was changed',
    run: async (args) => (await import('./audit/command.ts')).audit(args),
  },
};

/**
 * The `gatehouse` command. A {@link Problem} is printed as its one sentence and ends with exit code 1; anything else is
 * a bug and shows its stack, also with exit code 1.
 */
export async function main(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const asked = name === '' || name === 'help' || name === '--help' || name === '-h';
    (asked ? process.stdout : process.stderr).write(asked ? help() : `There is no command "${name}".\n\n${help()}`);
    process.exitCode = asked ? 0 : 1;
    return;
  }
  try {
    await command.run(rest);
  } catch (error) {
    process.stderr.write(error instanceof Problem ? `${error.message}\n` : `${(error as Error).stack ?? error}\n`);
    process.exitCode = 1;
  }
}

function help(): string {
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  ${usage.padEnd(width)}   ${summary}`);
  return `Usage:\n${lines.join('\n')}\n`;
}

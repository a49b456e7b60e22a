import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { describePerson, PEOPLE } from '../local/identity/people.ts';
import { claimPorts } from '../local/ports.ts';
import { Problem } from '../problem.ts';
import { CHECKOUT } from './checkout.ts';
import { stateDirectory } from './local-stack.ts';
import { banner } from './terminal/banner.ts';
import { type Asked, readKeys } from './terminal/keys.ts';
import { requestLines } from './terminal/request-lines.ts';

/**
 * `gatehouse start`: runs the stack until it is told to stop. Reads PORT and GATEHOUSE_STATE.
 *
 * @throws Problem when it cannot start; nothing is left running then
 */
export async function start(args: readonly string[]): Promise<void> {
  const { fresh } = options(args);
  const directory = stateDirectory();
  const interactive = process.stdout.isTTY === true && process.stdin.isTTY === true;
  // Not the library's own guess, which colours whatever a CI captures: scripts read these lines.
  const pc = picocolors.createColors(interactive && picocolors.isColorSupported) as typeof picocolors;
  const out = (text: string) => void process.stdout.write(`${text}\n`);
  const screen = requestLines(out, pc, () => new Date());
  const stop = listenForSignals();

  const run = async (clear: boolean): Promise<Cloud> => {
    const started = performance.now();
    const ports = await claimPorts(process.env.PORT);
    const cloud = await startCloud({
      checkout: CHECKOUT,
      directory,
      ports,
      fresh: clear,
      onLog: screen.onLog,
      onRequest: screen.onAnswered,
      ...(interactive ? { onProgress: (what) => out(pc.dim(`  ${what} …`)) } : {}),
    });
    const seconds = (performance.now() - started) / 1000;
    out(await greeting(cloud, seconds, directory, interactive, pc));
    return cloud;
  };

  try {
    let clear = fresh;
    for (;;) {
      const cloud = await run(clear);
      // A stop that was asked for while the stack was starting is known here, and is answered once it can be: in order.
      const keys = interactive ? readKeys(process.stdin) : undefined;
      const asked = await Promise.race([keys?.next() ?? never, stop.asked]);
      keys?.close();
      await cloud.close();
      if (asked === 'quit') return;
      clear = false;
    }
  } catch (error) {
    // Ctrl-C reaches the children too, so a start that was interrupted fails. That is no news.
    if (!stop.wasAsked()) throw error;
  }
}

const never = new Promise<never>(() => {});

function options(args: readonly string[]): { readonly fresh: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { fresh: { type: 'boolean', default: false } } });
    return values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}. Usage: gatehouse start [--fresh]`);
  }
}

async function greeting(
  cloud: Cloud,
  seconds: number,
  directory: string,
  keys: boolean,
  pc: typeof picocolors,
): Promise<string> {
  // Imported now and not above: synthesis has just told what is wrong with a broken tool file, in one sentence.
  const { tools } = await import('../../functions/tools/index.ts');
  const about = {
    mcpUrl: cloud.mcpUrl,
    seconds,
    people: PEOPLE.map((person) => ({ login: person.login, about: describePerson(person) })),
    tools: tools.map(({ name, access, scopes, approval }) => ({
      name,
      access,
      scopes,
      approval: approval === 'required',
    })),
    stateDirectory: relative(process.cwd(), directory) || directory,
    keys,
  };
  return banner(about, pc);
}

/** The first SIGINT or SIGTERM asks for an orderly end; a second one does not wait for it. */
function listenForSignals(): { readonly asked: Promise<Asked>; readonly wasAsked: () => boolean } {
  let was = false;
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const stop = () => {
    if (was) process.exit(130);
    was = true;
    resolve('quit');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { asked: promise, wasAsked: () => was };
}

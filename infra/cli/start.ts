import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { describePerson, PEOPLE } from '../local/identity/people.ts';
import { claimPorts } from '../local/ports.ts';
import { inspectTools } from '../local/reload/inspect-tools.ts';
import { wantsDatabase } from '../local/stack-database.ts';
import { leftOut } from '../local/synthesize.ts';
import { Problem } from '../problem.ts';
import { CHECKOUT } from './checkout.ts';
import { stateDirectory } from './local-stack.ts';
import { awaitChange, driftLine, followSources, watchCheckout } from './start-watching.ts';
import { banner, type ToolLine } from './terminal/banner.ts';
import { type Asked, readKeys } from './terminal/keys.ts';
import { requestLines } from './terminal/request-lines.ts';

/**
 * `gatehouse start`: runs the stack until it is told to stop. Reads PORT and GATEHOUSE_STATE.
 *
 * @throws Problem when it cannot start; nothing is left running then
 */
export async function start(args: readonly string[]): Promise<void> {
  const { fresh, 'no-watch': still, serving } = options(args);
  const watch = !still;
  const directory = stateDirectory();
  const interactive = process.stdout.isTTY === true && process.stdin.isTTY === true;
  // Not the library's own guess, which colours whatever a CI captures: scripts read these lines.
  const pc = picocolors.createColors(interactive && picocolors.isColorSupported) as typeof picocolors;
  const out = (text: string) => void process.stdout.write(`${text}\n`);
  const screen = requestLines(out, pc, () => new Date());
  const stop = listenForSignals();

  const run = async (clear: boolean): Promise<Cloud> => {
    const ports = await claimPorts(process.env.PORT);
    return await startCloud({
      checkout: CHECKOUT,
      directory,
      ports,
      fresh: clear,
      ...(serving === undefined ? {} : { parameters: { Serving: serving } }),
      onLog: screen.onLog,
      onRequest: screen.onAnswered,
      ...(interactive ? { onProgress: (what) => out(pc.dim(`  ${what} …`)) } : {}),
    });
  };
  /** One life of the stack: what it ended for. */
  const live = async (clear: boolean): Promise<Asked> => {
    const started = performance.now();
    const watcher = watch ? watchCheckout() : undefined;
    const [cloud, inspected] = await Promise.all([run(clear), inspectTools(CHECKOUT)]).catch((error: unknown) => {
      watcher?.close();
      throw error;
    });
    const seconds = (performance.now() - started) / 1000;
    const { tools, drift } = 'tools' in inspected ? inspected : { tools: [], drift: [] };
    out(greeting({ cloud, tools, seconds, directory, interactive }, pc));
    const missing = leftOut(CHECKOUT);
    if (missing !== undefined) out(`  ${missing}\n`);
    if ('problem' in inspected) out(`  The tools are not listed: ${inspected.problem}\n`);
    if (serving === 'off') out(`  ${OFF}\n`);
    if (drift.length > 0) out(`  ${driftLine(drift)}\n`);
    const telling = { out, colors: pc, now: () => new Date() };
    const watching = watcher && followSources(watcher, cloud, directory, drift, telling);
    // A stop that was asked for while the stack was starting is known here, and is answered once it can be: in order.
    const asked = await askedBy(watching?.restart ?? never);
    await watching?.close();
    await cloud.close();
    return asked;
  };
  const askedBy = async (changed: Promise<Asked>): Promise<Asked> => {
    const keys = interactive ? readKeys(process.stdin) : undefined;
    const asked = await Promise.race([keys?.next() ?? never, stop.asked, changed]);
    keys?.close();
    return asked;
  };

  try {
    let asked = await live(fresh);
    while (asked === 'restart') {
      try {
        asked = await live(false);
      } catch (error) {
        if (!(error instanceof Problem) || stop.wasAsked() || !watch) throw error;
        // Somebody is at work on these files, and the next version may well be right.
        out(`  ${error.message}\n  Nothing runs now. The next change of a source starts the stack again.`);
        const waiting = awaitChange();
        asked = await askedBy(waiting.restart);
        await waiting.close();
      }
    }
  } catch (error) {
    // Ctrl-C reaches the children too, so a start that was interrupted fails. That is no news.
    if (!stop.wasAsked()) throw error;
  }
}

const never = new Promise<never>(() => {});

const USAGE = 'gatehouse start [--fresh] [--no-watch] [--serving on|off]';

const OFF =
  'Switched off, as an operator would: every request but for the well-known documents is answered with a 503.';

type Options = { readonly fresh: boolean; readonly 'no-watch': boolean; readonly serving?: string | undefined };

function options(args: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const named = { fresh: flag, 'no-watch': flag, serving: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options: named }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}. Usage: ${USAGE}`);
  }
}

type Started = {
  readonly cloud: Cloud;
  readonly tools: readonly ToolLine[];
  readonly seconds: number;
  readonly directory: string;
  readonly interactive: boolean;
};

function greeting({ cloud, tools, seconds, directory, interactive }: Started, pc: typeof picocolors): string {
  const about = {
    mcpUrl: cloud.mcpUrl,
    seconds,
    people: PEOPLE.map((person) => ({ login: person.login, about: describePerson(person) })),
    tools,
    database: wantsDatabase(CHECKOUT),
    stateDirectory: relative(process.cwd(), directory) || directory,
    keys: interactive,
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

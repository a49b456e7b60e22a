import { endAll } from './commands.ts';
import { Lacking } from './lacking.ts';

/** Takes what is to be done at the end, after every program was ended. */
export type AtEnd = (step: () => Promise<void>) => void;

/**
 * Runs a suite as a command. Whatever it started is ended with it, also on Ctrl-C. What it needs and this machine lacks is
 * no failure: it says what is skipped and why.
 *
 * @param suite what is skipped then, in a few words
 */
export async function toTheEnd(suite: string, work: (atEnd: AtEnd) => Promise<void>): Promise<void> {
  let ending: Promise<void> | undefined;
  const steps: (() => Promise<void>)[] = [];
  const end = (code: number) => {
    ending ??= endAll()
      .then(() => Promise.allSettled(steps.map((step) => step())))
      .then(() => process.exit(code));
    return ending;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(130));
  try {
    await work((step) => steps.push(step));
    await end(0);
  } catch (error) {
    if (error instanceof Lacking) {
      process.stdout.write(`skipped: ${suite}, because ${error.message}\n`);
      await end(0);
    }
    if (ending === undefined) process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    await end(1);
  }
}

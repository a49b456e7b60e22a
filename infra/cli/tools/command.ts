import { parseArgs } from 'node:util';
import type { Drift } from '../../../functions/core/tools/drift.ts';
import { type Offer, writeLock } from '../../../functions/core/tools/lock.ts';
import { trustedFields } from '../../../functions/core/tools/trusted.ts';
import { driftOf, LOCK, LOCK_PATH, type Offered, offeredTools } from '../../check-tools.ts';
import { writeChanged } from '../../files.ts';
import { Problem } from '../../problem.ts';
import { readSettings } from '../../settings.ts';
import { CHECKOUT } from '../checkout.ts';
import { printable, textTable } from '../text-table.ts';

const USAGE = 'Usage: gatehouse tools list | diff | lock';

/**
 * `gatehouse tools`: what clients are offered, how it differs from what was reviewed, and the file that says so.
 *
 * @throws Problem when the tools are not as they must be
 */
export async function tools(args: readonly string[]): Promise<void> {
  const run = SUBCOMMANDS.get(subcommandOf(args));
  if (!run) throw new Problem(USAGE);
  const { scopes, tools: on } = readSettings(CHECKOUT);
  process.stdout.write(await run(await offeredTools(Object.keys(scopes), on)));
}

const SUBCOMMANDS: ReadonlyMap<string, (offered: Offered) => Promise<string>> = new Map([
  ['list', list],
  ['diff', diff],
  ['lock', lock],
]);

function subcommandOf(args: readonly string[]): string {
  try {
    const [name = '', ...rest] = parseArgs({ args: [...args], allowPositionals: true, options: {} }).positionals;
    return rest.length === 0 ? name : '';
  } catch (error) {
    throw new Problem(`${(error as Error).message}. ${USAGE}`);
  }
}

async function list({ tools, offers }: Offered): Promise<string> {
  const approvals = new Map(tools.map(({ name, approval }) => [name, approval]));
  return `${textTable<Offer>(
    [
      ['NAME', ({ name }) => name],
      ['KIND', ({ kind }) => kind],
      ['ACCESS', ({ definition }) => String(definition.access ?? 'read')],
      ['SCOPES', ({ definition: { scopes } }) => (Array.isArray(scopes) ? scopes.join(' ') : '') || '–'],
      ['APPROVAL', ({ kind, name }) => (kind === 'tool' && approvals.get(name) === 'required' ? 'a person' : '–')],
      ['DIGEST', ({ digest }) => digest],
    ],
    offers,
  )}${trustedLines(tools)}`;
}

/** What may leave outside the fence: constant sentences, each with the reason its author gave. */
function trustedLines(tools: Offered['tools']): string {
  const lines = tools.flatMap(({ name, output }) =>
    trustedFields(output).map(({ field, sentence, reason }) => {
      return `${name}.${field} is trusted: ${printable(reason)}\n  ${printable(JSON.stringify(sentence))}\n`;
    }),
  );
  return lines.length > 0 ? `\n${lines.join('')}` : '';
}

/** In words, and with exit code 1, so that a script can tell. */
async function diff(offered: Offered): Promise<string> {
  const drift = await driftOf(offered);
  if (drift.length === 0) return `What clients are offered is what ${LOCK} says.\n`;
  process.exitCode = 1;
  const fix = 'Run `npx gatehouse tools lock` and have the diff reviewed.';
  return `${drift.map((one) => described(one, offered)).join('\n')}\n${fix}\n`;
}

function described({ offer, change, details }: Drift, { placeOf }: Offered): string {
  const what = `${offer.kind} "${offer.name}"`;
  if (change === 'removed') return `${LOCK}: the ${what} is gone.`;
  const lines = details.map((detail) => `  ${printable(detail)}`);
  return [`${placeOf(offer)}: the ${what} ${change === 'added' ? 'is new.' : 'changed.'}`, ...lines].join('\n');
}

async function lock({ offers }: Offered): Promise<string> {
  writeChanged(LOCK_PATH, Buffer.from(writeLock(offers)));
  return `${LOCK} says what clients are offered now (${offers.length}). Commit it too: its diff is what is reviewed.\n`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../problem.ts';
import { type Settings, settingsFrom } from '../../settings.ts';
import { type Check, fail, ok, warn } from './finding.ts';

/** The Node.js that the functions run on. */
const NODE = 24;

/** The settings, or the sentences that say what is wrong with them. */
export type ReadSettings = { readonly settings?: Settings; readonly problems: readonly string[] };

/**
 * The settings of cdk.json, with single ones replaced as `cdk deploy -c` does it.
 *
 * @param replaced each `gatehouse.<setting>=<value>`
 * @throws Problem for one without a value
 */
export function settingsOf(checkout: string, replaced: readonly string[]): ReadSettings {
  const replacements = Object.fromEntries(replaced.map(pairOf));
  try {
    const { context } = JSON.parse(readFileSync(join(checkout, 'cdk.json'), 'utf8')) as {
      readonly context?: Readonly<Record<string, unknown>>;
    };
    return { settings: settingsFrom({ ...context, ...replacements }), problems: [] };
  } catch (error) {
    if (error instanceof Problem) return { problems: error.message.split('\n') };
    return { problems: [`cdk.json: cannot be read: ${(error as Error).message}. infra/README.md has an example.`] };
  }
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem(`-c ${text} has no value. Write it like -c gatehouse.stage=prod.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What needs neither an account nor a network. */
export function machineChecks({ settings, problems }: ReadSettings, nodeVersion = process.versions.node): Check[] {
  const version: Check = {
    name: 'Node.js',
    look: async () => {
      const major = Number(nodeVersion.split('.')[0]);
      if (major < NODE) return fail(`This is ${nodeVersion}; Gatehouse needs ${NODE}. npm ci brings it.`);
      return major === NODE
        ? ok(nodeVersion)
        : warn(`This is ${nodeVersion}; the functions run on ${NODE}, and so do the tests. npm ci brings it.`);
    },
  };
  const mistakes = problems.map((says): Check => ({ name: 'settings', look: async () => fail(says) }));
  if (settings === undefined) return [version, ...mistakes];
  const { stage, identity, database, edge } = settings;
  const says = `stage ${stage}, identity ${identity.kind}, database ${database.kind}, edge ${edge.kind}`;
  return [version, { name: 'settings', look: async () => ok(says) }];
}

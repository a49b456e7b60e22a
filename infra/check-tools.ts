import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Definition } from '../functions/core/tools/digest.ts';
import type { Drift } from '../functions/core/tools/drift.ts';
import type { Kind, Offer } from '../functions/core/tools/lock.ts';
import type { RegisteredTool } from '../functions/core/tools/registry.ts';
import { Problem } from './problem.ts';
import type { SwitchedOn } from './tool-files.ts';

/** The file with the definitions that were reviewed, relative to the checkout. */
export const LOCK = 'functions/tools/tools.lock';
export const LOCK_PATH = fileURLToPath(new URL(`../${LOCK}`, import.meta.url));
const ALL_OFF: SwitchedOn = { query: false };
const REVIEW = 'Run `npx gatehouse tools lock` and have the diff reviewed.';

/** Everything that clients are offered, and where it is written. */
export type Offered = {
  readonly tools: readonly RegisteredTool[];
  /** Tools, resources and prompts, each with its digest. */
  readonly offers: readonly Offer[];
  /** The file of an offer, by its name. */
  readonly placeOf: (offer: Offer) => string;
  /** Lists and file names that are not as they should be; none of them changes what is offered. */
  readonly untidy: readonly string[];
};

/**
 * Loads what clients are offered and checks it against the settings: a scope nobody declared, two tools of one name.
 * Loaded here and not at the start, so that a file that does not even parse is told by the bundler, with its line.
 *
 * @param scopes the scopes that cdk.json declares
 * @param on the tools that it turns on
 * @throws Problem with a sentence for each mistake, the file first
 */
export async function offeredTools(scopes: Iterable<string>, on: SwitchedOn = ALL_OFF): Promise<Offered> {
  const [
    { createRegistry },
    { createResources, resourceDefinition },
    { createPrompts, promptDefinition },
    { definitionOf },
    { fileOf },
    { loadToolFiles },
  ] = await Promise.all([
    import('../functions/core/tools/registry.ts'),
    import('../functions/core/resources/registry.ts'),
    import('../functions/core/prompts/registry.ts'),
    import('../functions/core/tools/digest.ts'),
    import('../functions/core/tools/problems.ts'),
    import('./tool-files.ts'),
  ]);
  const files = await loadToolFiles(on);
  const known = new Set(scopes);
  const problems: string[] = [];
  const checked = <T>(create: () => readonly T[]): readonly T[] => {
    try {
      return create();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return [];
    }
  };
  const tools = checked(() => createRegistry(files.tools, known, files.placeOf).tools);
  const offers = [
    ...tools.map((tool) => offerOf('tool', tool, definitionOf(tool))),
    ...checked(() => createResources(files.resources, known).resources).map((resource) =>
      offerOf('resource', resource, resourceDefinition(resource)),
    ),
    ...checked(() => createPrompts(files.prompts, known).prompts).map((prompt) =>
      offerOf('prompt', prompt, promptDefinition(prompt)),
    ),
  ];
  if (problems.length > 0) throw new Problem(problems.join('\n'));
  return { tools, offers, placeOf: ({ name }) => fileOf(name), untidy: files.untidy };
}

function offerOf(
  kind: Kind,
  { name, digest }: { readonly name: string; readonly digest: string },
  definition: Definition,
): Offer {
  return { kind, name, digest, definition };
}

/**
 * How the tools differ from what was reviewed.
 *
 * @throws Problem when the lock cannot be read, or was edited by hand
 */
export async function driftOf({ offers }: Offered): Promise<readonly Drift[]> {
  const [{ driftBetween }, { readLock }] = await Promise.all([
    import('../functions/core/tools/drift.ts'),
    import('../functions/core/tools/lock.ts'),
  ]);
  const text = lockText();
  if (text === undefined) throw new Problem(`${LOCK}: is not there. ${REVIEW}`);
  const locked = readLock(text);
  if (!locked.ok) throw new Problem(`${LOCK}: ${locked.error}. ${REVIEW}`);
  return driftBetween(locked.value, offers);
}

function lockText(): string | undefined {
  try {
    return readFileSync(LOCK_PATH, 'utf8');
  } catch {
    return undefined;
  }
}

/** One sentence for each difference, with its file and the fix. */
function driftSentences(drift: readonly Drift[], { placeOf }: Offered): readonly string[] {
  return drift.map(({ offer, change }) => {
    const [place, what] = [placeOf(offer), `the ${offer.kind} "${offer.name}"`];
    if (change === 'added') return `${place}: ${what} is not in ${LOCK}. ${REVIEW}`;
    if (change === 'removed') return `${LOCK}: ${what} is no longer offered. ${REVIEW}`;
    return `${place}: ${what} is not what ${LOCK} says. ${REVIEW}`;
  });
}

/**
 * Checks the tools before anything is deployed: that they are right, and that they are what was reviewed.
 *
 * @throws Problem with a sentence for each mistake, the file first
 */
export async function checkTools(scopes: Iterable<string>, on: SwitchedOn = ALL_OFF): Promise<void> {
  const offered = await offeredTools(scopes, on);
  const problems = [...offered.untidy, ...driftSentences(await driftOf(offered), offered)];
  if (problems.length > 0) throw new Problem(problems.join('\n'));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './problem.ts';
import { contradictions } from './settings-contradictions.ts';
import { edgeContradictions } from './settings-edge.ts';
import { sentences } from './settings-sentences.ts';
import { type Settings, settled, shape } from './settings-shape.ts';

export type { Identity, Settings } from './settings-shape.ts';

/**
 * The settings in a CDK context: the key `gatehouse`, with single ones replaced by keys such as `gatehouse.stage`
 * (`cdk deploy -c gatehouse.stage=prod`), whose value is JSON where it reads as JSON and text where it does not.
 *
 * @throws Problem with a sentence for each mistake: the setting, its value, what to do.
 */
export function settingsFrom(context: Readonly<Record<string, unknown>>): Settings {
  const raw = withReplacements(context);
  if (raw === undefined)
    throw new Problem('cdk.json: the context key "gatehouse" is missing. infra/README.md has an example.');
  const parsed = shape.safeParse(raw);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => sentences(issue, raw));
  const problems = new Set([...issues, ...contradictions(raw), ...edgeContradictions(raw)]);
  if (!parsed.success || problems.size > 0) throw new Problem([...problems].join('\n'));
  return settled(parsed.data);
}

/**
 * The settings of a checkout, as its cdk.json says them.
 *
 * @throws Problem with a sentence for each mistake
 */
export function readSettings(checkout: string): Settings {
  const text = readFileSync(join(checkout, 'cdk.json'), 'utf8');
  const { context } = fromText(text) as { readonly context?: Readonly<Record<string, unknown>> };
  if (context === undefined)
    throw new Problem('cdk.json: is not JSON with a "context". infra/README.md has an example.');
  return settingsFrom(context);
}

/** Whether everything of this stage may be deleted with it: a developer's own, with no data anybody would miss. */
export function isDisposable(settings: Settings): boolean {
  return settings.stage === 'dev';
}

function withReplacements(context: Readonly<Record<string, unknown>>): unknown {
  const base = structuredClone(fromText(context.gatehouse));
  for (const [key, value] of Object.entries(context)) {
    if (!key.startsWith('gatehouse.')) continue;
    const path = key.split('.').slice(1);
    replace(base, path, fromText(value));
  }
  return base;
}

function replace(target: unknown, path: readonly string[], value: unknown): void {
  const [step, ...rest] = path;
  if (step === undefined || target === null || typeof target !== 'object') return;
  const group = target as Record<string, unknown>;
  if (rest.length === 0) group[step] = value;
  else {
    if (!Object.hasOwn(group, step)) group[step] = {};
    replace(group[step], rest, value);
  }
}

/** The command line has only text: `-c gatehouse.sampleData=false` means the truth value. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

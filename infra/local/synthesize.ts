import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { Problem } from '../problem.ts';
import { waitForLock } from './lock.ts';

/**
 * The cloud assembly (templates and bundles) of this checkout, made by the CDK app itself in a child process, because
 * synthesis costs seconds and hundreds of megabytes, and kept under the hash of everything it depends on.
 *
 * @param checkout the repository's root; assemblies are kept in its `build/assembly`
 * @param settings settings that differ from cdk.json's, by name, for tests
 * @returns the directory of an assembly that is complete: it is renamed into place only when synthesis succeeded
 * @throws Problem with the app's own message, when a setting or a source file is wrong
 */
export async function synthesize(checkout: string, settings: Settings = {}): Promise<string> {
  const directory = join(checkout, 'build', 'assembly');
  const target = () => join(directory, hashOf(checkout, settings));
  const kept = target();
  if (existsSync(kept)) return kept;
  // The app writes its bundles to one place, so two of it must not run at once.
  const lock = await waitForLock(directory);
  try {
    // Somebody may be editing: what is made of one state of the sources must not be kept under the hash of another.
    for (;;) {
      const wanted = target();
      if (existsSync(wanted)) return wanted;
      const making = join(directory, 'making');
      rmSync(making, { recursive: true, force: true });
      await runApp(checkout, making, settings);
      if (target() !== wanted) continue;
      renameSync(making, wanted);
      forgetOld(directory);
      return wanted;
    }
  } finally {
    lock.release();
  }
}

export type Settings = Readonly<Record<string, unknown>>;

/** Enough for stacks that still run what was there before some edits, and for tests that run other settings beside. */
const KEPT = 20;

function forgetOld(directory: string): void {
  const assemblies = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = assemblies.map(({ name }) => join(directory, name));
  const byAge = paths.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of byAge.slice(KEPT)) rmSync(old, { recursive: true, force: true });
}

const INPUTS = ['cdk.json', 'package-lock.json', 'functions', 'infra'];
/** Parts of infra that do not reach a template: changing the runner must not re-synthesize what it runs. */
const NOT_INPUTS = [join('infra', 'local'), join('infra', 'cli')];

function hashOf(checkout: string, settings: Settings): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of INPUTS.flatMap((input) => filesBelow(join(checkout, input)))) {
    const name = relative(checkout, file);
    if (NOT_INPUTS.some((part) => name.startsWith(part + sep)) || /\.(?:md|lock)$/.test(name)) continue;
    hash.update(`${name}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.update(process.version).digest('hex').slice(0, 16);
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}

async function runApp(checkout: string, output: string, settings: Settings): Promise<void> {
  const child = spawn(process.execPath, [join(checkout, 'infra', 'app.ts'), '--local'], {
    cwd: checkout,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(localContext(checkout, settings)) },
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  rmSync(output, { recursive: true, force: true });
  throw new Problem(complaint.trim() || `infra/app.ts ended with code ${code} and said nothing. Run: npx cdk synth`);
}

type Context = { readonly gatehouse: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;

/** What a deployment alone has: what stands in front of the API, and who may deploy. */
const NOT_HERE = { domain: undefined, edge: { kind: 'none' }, pipeline: undefined };

/**
 * The context of cdk.json as this machine synthesizes it: on a stage that can be thrown away, with the sample schema to be
 * played with where there is a database for it.
 */
export function localContext(checkout: string, settings: Settings): Context {
  const context = contextOf(checkout);
  const { database } = { ...context.gatehouse, ...settings } as { readonly database?: { readonly kind?: unknown } };
  const local = { stage: 'dev', sampleData: database?.kind !== 'none', ...NOT_HERE };
  return { ...context, gatehouse: { ...context.gatehouse, ...local, ...settings } };
}

/** What stands in front of the API is AWS's own: on this machine the gateway listens on loopback, and no name leads to it. */
const IN_FRONT = ['domain', 'edge'];

/** The sentence for who has set what the local run leaves out; undefined where nothing is. */
export function leftOut(checkout: string): string | undefined {
  const { gatehouse } = contextOf(checkout);
  const names = IN_FRONT.filter((name) => gatehouse[name] !== undefined).map((name) => `gatehouse.${name}`);
  if (names.length === 0) return undefined;
  return `${names.join(' and ')} of cdk.json: left out here. Only a deployment has a domain, CloudFront and a web ACL.`;
}

function contextOf(checkout: string): Context {
  return (JSON.parse(readFileSync(join(checkout, 'cdk.json'), 'utf8')) as { readonly context: Context }).context;
}

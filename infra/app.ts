import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundle } from './bundle.ts';
import { checkTools, offeredTools } from './check-tools.ts';
import { hashOf } from './files.ts';
import { FUNCTION_NAMES } from './function-names.ts';
import { Problem } from './problem.ts';
import { settingsFrom } from './settings.ts';
import { addGatehouse } from './stacks/gatehouse.ts';

/**
 * The CDK app: `cdk synth` runs it, and so does the local run, with CDK_OUTDIR. It asks no account anything: what it
 * makes depends on this checkout and its settings alone.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

async function synthesize(): Promise<void> {
  // Defaults for who runs this without the CDK's command line, which hands over the same file with its own -c above it.
  const { context } = readJson('cdk.json') as { context: Record<string, unknown> };
  const app = new App({ context, analyticsReporting: false });
  const settings = settingsFrom(app.node.getAllContext());
  const bundles = bundle({ root: ROOT, names: FUNCTION_NAMES, freeSql: settings.tools.query });
  // The local run offers what is being written, before anybody has reviewed it; a deployment never does.
  const check = process.argv.includes('--local') ? offeredTools : checkTools;
  await check(Object.keys(settings.scopes), settings.tools);
  const { version } = readJson('package.json') as { version: string };
  addGatehouse(app, {
    settings,
    version,
    code: (name) => Code.fromAsset(bundles[name]),
    migrations: hashOf(join(ROOT, 'functions/migrate/migrations')),
  });
  // Loaded only when wanted: infra/nag.ts says why that is not always.
  if (wanted(app.node.tryGetContext('nag'))) (await import('./nag.ts')).attachPacks(app, settings);
  app.synth();
}

/** The command line has only text. */
function wanted(value: unknown): boolean {
  return value === true || value === 'true';
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

try {
  await synthesize();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A revision of the protocol, what the suite requires of a server for it, and what is known to fail here. */
export type Revision = {
  readonly name: '2026-07-28' | '2025-11-25';
  /** Scenarios that count. A suite that comes to require others must be looked at, not just passed. */
  readonly required: number;
  readonly expectedFailures?: string;
};

export const REVISIONS: readonly Revision[] = [
  { name: '2026-07-28', required: 37 },
  {
    name: '2025-11-25',
    required: 30,
    expectedFailures: fileURLToPath(new URL('expected-failures-2025-11-25.yaml', import.meta.url)),
  },
];

export type Score = {
  readonly revision: Revision;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** What differs from what is expected, one sentence each. Empty when all is as it should be. */
  readonly differences: readonly string[];
  /** Everything the suite said. */
  readonly said: string;
};

const root = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));

/** Milliseconds for one request of the suite. Four scenarios wait for it to pass; all others take a fraction of it. */
const REQUEST_LIMIT = 5_000;
const RUN_LIMIT = 110_000;

/**
 * Runs the official suite against a server, as its authors run it: a program of its own, told which revision's requirements
 * to hold the server to. Its exit code and its own record of every check must both say what is expected.
 */
export async function score(url: string, revision: Revision): Promise<Score> {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));
  try {
    const { code, said } = await run(url, revision, output);
    const required = entriesOf(join(root, 'requirements', `${revision.name}.yaml`));
    const broken = failuresIn(output, expectedOf(revision));
    // A scenario that did not run has not passed.
    const passed = required.filter((scenario) => broken.get(scenario) === false);
    const failed = required.filter((scenario) => !passed.includes(scenario));
    return { revision, passed, failed, said, differences: differencesOf(revision, required, failed, code) };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** What differs from what is expected: failures, expected failures that pass, another list of requirements, the exit code. */
export function differencesOf(
  revision: Revision,
  required: readonly string[],
  failed: readonly string[],
  code: number | null,
): readonly string[] {
  const { name, required: count } = revision;
  const expected = expectedOf(revision).filter((entry) => !entry.includes(':'));
  return [
    ...(required.length === count ? [] : [`${name}: the suite requires ${required.length} scenarios, not ${count}`]),
    ...failed.filter((scenario) => !expected.includes(scenario)).map((scenario) => `${name}: ${scenario} failed`),
    ...expected
      .filter((scenario) => !failed.includes(scenario))
      .map((scenario) => `${name}: ${scenario} passed, and is listed as a failure`),
    ...(code === 0 ? [] : [`${name}: the suite ended with code ${code}`]),
  ];
}

function expectedOf({ expectedFailures }: Revision): readonly string[] {
  return expectedFailures === undefined ? [] : entriesOf(expectedFailures);
}

async function run(url: string, { name, expectedFailures }: Revision, output: string) {
  const baseline = expectedFailures === undefined ? [] : ['--expected-failures', expectedFailures];
  const limits = ['--timeout', String(REQUEST_LIMIT)];
  const program = join(root, 'dist', 'index.js');
  const child = spawn(
    process.execPath,
    [program, 'server', '--url', url, '--requirements', name, '-o', output, ...limits, ...baseline],
    { stdio: ['ignore', 'pipe', 'pipe'], signal: AbortSignal.timeout(RUN_LIMIT) },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, said };
}

/** The list `server:` of the suite's requirements, or of a file of expected failures. */
function entriesOf(path: string): readonly string[] {
  const [, list = ''] = /^server:\n((?:[ #].*\n)*)/m.exec(readFileSync(path, 'utf8')) ?? [];
  return [...list.matchAll(/^ +- ([a-z0-9:-]+)$/gm)].map(([, entry = '']) => entry);
}

/**
 * Each scenario that ran, and whether one of its checks failed. The suite does not count a warning; here it is a failure,
 * unless that very check is expected: some scenarios only warn even of a server that is not there.
 */
function failuresIn(output: string, expected: readonly string[]): ReadonlyMap<string, boolean> {
  const found = readdirSync(output).flatMap((directory): [string, boolean][] => {
    const [, scenario] = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\dZ-]+$/.exec(directory) ?? [];
    const record = join(output, directory, 'checks.json');
    // A scenario that broke off leaves none.
    if (scenario === undefined || !existsSync(record)) return [];
    const checks = JSON.parse(readFileSync(record, 'utf8')) as { id: string; status: string }[];
    const failed = checks.some(
      ({ id, status }) => status === 'FAILURE' || (status === 'WARNING' && !expected.includes(`${scenario}:${id}`)),
    );
    return [[scenario, failed]];
  });
  return new Map(found);
}

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeTriple } from '../support/free-ports.ts';
import { run, start, type Variables } from './commands.ts';
import { fetched, Lacking, versionOf } from './lacking.ts';
import { certificateFor, startOutside } from './outside.ts';

/** MiniStack, installed from PyPI into build/ and started for one run. */

const REQUIREMENTS = resolve('test/deploy/requirements.txt');
const REGION = 'us-east-1';
const READY_MS = 60_000;

/** An emulator that runs, and what programs need in their environment to talk to it. */
export type Emulator = {
  /** Its name and version. */
  readonly name: string;
  readonly endpoint: string;
  /** Of whoever deploys and operates: the AWS SDK and the AWS CDK read these. */
  readonly variables: Variables;
  /** Of whoever comes from the internet: names lead to the emulator. */
  readonly outside: Variables;
  /** Hosts that somebody wanted and did not get, since they are not AWS. */
  readonly refused: ReadonlySet<string>;
  /** Hosts of AWS that somebody wanted, and got the emulator. */
  readonly visited: ReadonlySet<string>;
};

/**
 * Installs what requirements.txt pins, unless it is there already. Returns the directory with its programs.
 *
 * @throws Lacking without Python, its venv, or PyPI
 */
export async function installMiniStack(): Promise<{ readonly programs: string; readonly installed: boolean }> {
  const venv = resolve('build/deploy/venv');
  const mark = join(venv, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  const programs = join(venv, 'bin');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return { programs, installed: false };
  const said = await versionOf('python3', ['--version'], 'Python 3.10 or newer');
  const [major = 0, minor = 0] = (/\d+\.\d+/.exec(said)?.[0] ?? '').split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 10)) throw new Lacking(`Python 3.10 or newer is needed: ${said.trim()}`);
  await versionOf('python3', ['-c', 'import venv, ensurepip'], 'python3 with venv (Debian: python3-venv)');
  rmSync(venv, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', venv]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await fetched('PyPI', join(programs, 'pip'), ['install', ...quiet, '-r', REQUIREMENTS]);
  writeFileSync(mark, wanted);
  return { programs, installed: true };
}

/**
 * Starts MiniStack on a free port of loopback, over TLS because our issuer must be https as it is on AWS. Its IAM
 * enforcement stays off: see README.md.
 *
 * @param directory where its certificate and its log go
 * @param rows where its functions find the RDS Data API
 */
export async function startMiniStack(programs: string, directory: string, rows: string): Promise<Emulator> {
  mkdirSync(directory, { recursive: true });
  const at = (file: string) => join(directory, file);
  const { certificate, key } = await certificateFor(REGION);
  writeFileSync(at('certificate.pem'), certificate);
  writeFileSync(at('key.pem'), key, { mode: 0o600 });
  const trust = { NODE_EXTRA_CA_CERTS: at('certificate.pem') };
  const port = await freeTriple();
  const { variables: names, refused, visited } = await startOutside(port);
  // It unpacks every function there, and leaves them when it is stopped. Not below our package.json, which says that
  // every .js is an ES module.
  const temporary = mkdtempSync(join(tmpdir(), 'gatehouse-emulator-'));
  const log: string[] = [];
  const child = start(
    join(programs, 'ministack'),
    [],
    {
      ...names,
      ...trust,
      ...KEYS,
      TMPDIR: temporary,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      // It would listen on 8883 otherwise.
      IOT_MTLS_ENABLED: '0',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: at('certificate.pem'),
      MINISTACK_SSL_KEY: at('key.pem'),
      // Functions inherit its environment, and these would send them elsewhere.
      AWS_ENDPOINT_URL: undefined,
      AWS_ENDPOINT_URL_S3: undefined,
      AWS_ENDPOINT_URL_RDS_DATA: rows,
    },
    (line) => log.push(line),
  );
  const endpoint = `https://localhost:${port}`;
  child.once('close', () => {
    writeFileSync(at('emulator.log'), log.join('\n'));
    rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
  });
  for (let waited = 0; !log.some((line) => line.includes(`Running on https://127.0.0.1:${port}`)); waited += 50) {
    if (child.exitCode !== null || waited > READY_MS) throw new Error(`MiniStack did not start:\n${log.join('\n')}`);
    await sleep(50);
  }
  return {
    name: `MiniStack ${/^ministack==(\S+)$/m.exec(readFileSync(REQUIREMENTS, 'utf8'))?.[1]}`,
    endpoint,
    // The CDK reads its certificates from a variable of its own.
    variables: { ...trust, ...KEYS, ...endpoints(endpoint), AWS_CA_BUNDLE: at('certificate.pem') },
    outside: { ...names, ...trust },
    refused,
    visited,
  };
}

/**
 * An emulator that somebody else runs, on this machine or with names that can be resolved: LocalStack, MiniStack, Floci.
 *
 * @throws Error when it has no TLS: an issuer must be https, and the API's address is ours
 */
export async function runningElsewhere(endpoint: string): Promise<Emulator> {
  const { protocol, hostname, port } = new URL(endpoint);
  if (protocol !== 'https:') {
    throw new Error(
      `AWS_ENDPOINT_URL is ${endpoint}. The issuer must be https: start the emulator with TLS (USE_SSL=1).`,
    );
  }
  const here = ['localhost', '127.0.0.1'].includes(hostname) ? await startOutside(Number(port)) : undefined;
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  const keys = { ...KEYS, ...(AWS_ACCESS_KEY_ID && { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }) };
  const variables = { ...keys, ...endpoints(endpoint) };
  const { variables: outside = {}, refused = new Set<string>(), visited = new Set<string>() } = here ?? {};
  return { name: 'an emulator', endpoint, variables, outside, refused, visited };
}

const KEYS = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_PROFILE: undefined,
  AWS_SESSION_TOKEN: undefined,
} as const;

function endpoints(endpoint: string) {
  // The CDK asks for the second one by itself: buckets are part of a path here, not of a host name.
  return { AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_S3: endpoint };
}

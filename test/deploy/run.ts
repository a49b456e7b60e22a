import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LOGIN, makePool, type Pool } from './cognito.ts';
import { run } from './commands.ts';
import { type Emulator, installMiniStack, runningElsewhere, startMiniStack } from './emulator.ts';
import { GAPS, STAND_INS } from './gaps.ts';
import { checkFunctions } from './probe.ts';
import { type Database, type Rows, startRows } from './rows.ts';
import { type AtEnd, toTheEnd } from './to-the-end.ts';

/**
 * `npm run test:deploy`: the unmodified CDK deploys the app into an emulator of AWS, and the end-to-end tests that see a
 * stack from outside are run against what it made. Whatever was done otherwise than on AWS is said on the way.
 */
const DIRECTORY = resolve('build/deploy/run');
const OUTPUTS = join(DIRECTORY, 'outputs.json');
const ASSEMBLY = join(DIRECTORY, 'cdk.out');
const REGION = 'us-east-1';
const PASSWORD = `Aa1!${crypto.randomUUID()}`;
const CDK = { CDK_DISABLE_CLI_TELEMETRY: 'true' };

/** What MiniStack lacks, of the names in gaps.ts. */
const MINISTACK_LACKS = ['response mapping', 'unmatched OPTIONS'];
/** Of one that was started elsewhere: its functions cannot be told where else to go. */
const ELSEWHERE_LACKS = ['database', 'identity provider'];

type Outputs = Readonly<Record<'McpUrl' | 'Issuer' | 'IdentitySecretArn', string>>;

async function main(atEnd: AtEnd): Promise<void> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  const given = process.env.AWS_ENDPOINT_URL;
  const { emulator, rows } = given ? { emulator: await runningElsewhere(given) } : await ownEmulator(atEnd);
  say(`into ${emulator.name} at ${emulator.endpoint}`);
  const lacks = given ? [...MINISTACK_LACKS, ...ELSEWHERE_LACKS] : MINISTACK_LACKS;
  for (const { setting, instead, reason } of STAND_INS) say(`not deployed  ${setting}: ${reason}. Instead ${instead}`);
  for (const name of lacks) say(`not tested    ${name}: ${GAPS[name]?.reason}`);

  const account = { endpoint: emulator.endpoint, region: REGION, ...keysOf(emulator) };
  await step('functions reach the emulator', () => checkFunctions(account));
  const pool = await step('user pool', () => makePool(account, PASSWORD));
  const database: Database = rows ? await rows.ownedBy(account) : { kind: 'none' };
  const set = settings(pool, database);
  await step('cdk synth', () => cdk(emulator, ['synth', '--quiet', '--output', ASSEMBLY, ...set]));
  await step('cdk bootstrap', () => cdk(emulator, ['bootstrap', `aws://000000000000/${REGION}`, '--app', ASSEMBLY]));
  const unattended = ['--require-approval', 'never', '--progress', 'events', '--outputs-file', OUTPUTS];
  await step('cdk deploy', () => cdk(emulator, ['deploy', '--all', '--app', ASSEMBLY, ...unattended]));
  const outputs = serviceOutputs();
  await step('client secret and callback', async () => {
    const { IdentitySecretArn: SecretId, Issuer } = outputs;
    const secrets = new SecretsManagerClient({ endpoint: emulator.endpoint, region: REGION, credentials: account });
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: pool.clientSecret }));
    secrets.destroy();
    await pool.allow(`${Issuer}/callback`);
  });
  say(`deployed ${outputs.McpUrl}`);
  await step('end-to-end tests', () => test(emulator, outputs, lacks));
  const { refused, visited } = emulator;
  if (refused.size > 0) throw new Error(`something was wanted from ${[...refused].join(', ')}`);
  // Only the user pool knows the passwords; that a function asked its issuer for keys and tokens is seen here.
  const hosts = [...visited].sort().join(', ');
  say(`visited ${hosts}`);
  if (!lacks.includes('identity provider') && !hosts.includes('cognito-idp.')) {
    throw new Error(`nobody signed in through Cognito; only these were asked for anything: ${hosts}`);
  }
}

async function ownEmulator(atEnd: AtEnd): Promise<{ readonly emulator: Emulator; readonly rows?: Rows }> {
  const { programs, installed } = await step('emulator installed', installMiniStack);
  if (!installed) say('  it was there already, in build/deploy/venv');
  const rows = await step('PostgreSQL started', startRows);
  atEnd(rows.stop);
  const emulator = await step('emulator started', () => startMiniStack(programs, DIRECTORY, rows.endpoint));
  setDefaultCACertificates([...getCACertificates(), readFileSync(join(DIRECTORY, 'certificate.pem'), 'utf8')]);
  return { emulator, rows };
}

async function cdk({ variables }: Emulator, args: readonly string[]): Promise<void> {
  const told = (line: string) => /✅|❌|_FAILED|^‣/.test(line) && say(`  ${line.trim()}`);
  await run('cdk', [...args, '--no-notices', '--ci'], { ...variables, ...CDK }, told);
}

/** What differs from cdk.json, as the command line has it. */
function settings({ issuer, clientId }: Pool, database: Database): string[] {
  const claims = { rolesClaim: 'cognito:groups', tenantClaim: 'custom:tenant' };
  const identity = { kind: 'oidc', name: 'Amazon Cognito', issuer, clientId, ...claims };
  return Object.entries({
    database,
    sampleData: database.kind !== 'none',
    identity,
  }).flatMap(([key, value]) => {
    const setting = `gatehouse.${key}=${JSON.stringify(value)}`;
    say(`  -c ${setting}`);
    return ['-c', setting];
  });
}

/** The command of README.md for a deployment, as anybody would give it. */
async function test({ variables, outside }: Emulator, { McpUrl }: Outputs, lacks: readonly string[]): Promise<void> {
  const target = { MCP_URL: McpUrl, E2E_OUTPUTS: OUTPUTS, E2E_LOGIN: LOGIN, E2E_PASSWORD: PASSWORD };
  await run(
    'npm',
    ['run', '--silent', 'test:e2e', '--', '--reporter', 'verbose'],
    { ...variables, ...outside, ...target, E2E_LACKS: lacks.join(',') },
    (line) => say(`  ${line}`),
  );
}

function serviceOutputs(): Outputs {
  const stacks = JSON.parse(readFileSync(OUTPUTS, 'utf8')) as Record<string, Outputs>;
  const service = Object.values(stacks).find(({ McpUrl }) => McpUrl !== undefined);
  if (service === undefined) throw new Error(`${OUTPUTS} has no McpUrl`);
  return service;
}

function keysOf({ variables }: Emulator) {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = variables;
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  say(`${name} …`);
  const result = await work();
  say(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await toTheEnd('the deployment to an emulator', main);

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LOGIN, makePool, type Pool } from './cognito.ts';
import { endAll, run } from './commands.ts';
import { type Emulator, installMiniStack, runningElsewhere, startMiniStack } from './emulator.ts';
import { GAPS, STAND_INS } from './gaps.ts';

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
const MINISTACK_LACKS = ['database', 'response mapping', 'unmatched OPTIONS'];

type Outputs = Readonly<Record<'McpUrl' | 'Issuer' | 'IdentitySecretArn', string>>;

async function main(): Promise<void> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  const given = process.env.AWS_ENDPOINT_URL;
  const emulator = given ? await runningElsewhere(given) : await ownEmulator();
  say(`into ${emulator.name} at ${emulator.endpoint}`);
  const lacks = given ? [...MINISTACK_LACKS, 'identity provider'] : MINISTACK_LACKS;
  for (const { setting, instead, reason } of STAND_INS) say(`not deployed  ${setting}: ${reason}. Instead ${instead}`);
  for (const name of lacks) say(`not tested    ${name}: ${GAPS[name]?.reason}`);

  const account = { endpoint: emulator.endpoint, region: REGION, ...keysOf(emulator) };
  const pool = await step('user pool', () => makePool(account, PASSWORD));
  await step('cdk synth', () => cdk(emulator, ['synth', '--quiet', '--output', ASSEMBLY, ...settings(pool)]));
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
  if (emulator.refused.size > 0) throw new Error(`something was wanted from ${[...emulator.refused].join(', ')}`);
}

async function ownEmulator(): Promise<Emulator> {
  const { programs, installed } = await step('emulator installed', installMiniStack);
  if (!installed) say('  it was there already, in build/deploy/venv');
  const emulator = await step('emulator started', () => startMiniStack(programs, DIRECTORY));
  setDefaultCACertificates([...getCACertificates(), readFileSync(join(DIRECTORY, 'certificate.pem'), 'utf8')]);
  return emulator;
}

async function cdk({ variables }: Emulator, args: readonly string[]): Promise<void> {
  const told = (line: string) => /✅|❌|_FAILED|^‣/.test(line) && say(`  ${line.trim()}`);
  await run('cdk', [...args, '--no-notices', '--ci'], { ...variables, ...CDK }, told);
}

/** What differs from cdk.json, as the command line has it. */
function settings({ issuer, clientId }: Pool): string[] {
  const claims = { rolesClaim: 'cognito:groups', tenantClaim: 'custom:tenant' };
  const identity = { kind: 'oidc', name: 'Amazon Cognito', issuer, clientId, ...claims };
  return Object.entries({ database: { kind: 'none' }, sampleData: false, identity }).flatMap(([key, value]) => {
    const setting = `gatehouse.${key}=${JSON.stringify(value)}`;
    say(`  -c ${setting}`);
    return ['-c', setting];
  });
}

/** The suite of `npm run test:e2e`, told where to look. */
async function test({ variables, outside }: Emulator, { McpUrl }: Outputs, lacks: readonly string[]): Promise<void> {
  const target = { MCP_URL: McpUrl, E2E_OUTPUTS: OUTPUTS, E2E_LOGIN: LOGIN, E2E_PASSWORD: PASSWORD };
  await run(
    'vitest',
    ['run', '--project', 'e2e', '--reporter', 'verbose'],
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

let ending: Promise<void> | undefined;
/** Once, however it ends: nothing that was started is left. */
function end(code: number): Promise<void> {
  ending ??= endAll().then(() => {
    process.exit(code);
  });
  return ending;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(130));
try {
  await main();
  await end(0);
} catch (error) {
  if (ending === undefined) process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await end(1);
}

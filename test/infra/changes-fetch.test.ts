import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { addGatehouse } from '../../infra/stacks/gatehouse.ts';
import { EDGE } from './edge.ts';
import { context, PRODUCTION } from './synthesized.ts';

/**
 * `gatehouse changes fetch` with a real assembly, and a program in place of the AWS command line that writes down what it
 * was asked with which key. What the real one answers has not been seen.
 */

const COMMAND = fileURLToPath(new URL('../../infra/cli/gatehouse.mjs', import.meta.url));
const run = promisify(execFile);

const AWS = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
const stack = args[args.indexOf('--stack-name') + 1];
appendFileSync(join(__dirname, 'asked'), JSON.stringify({ args, key: process.env.AWS_ACCESS_KEY_ID }) + '\\n');
const answer = join(__dirname, args[1] === 'get-template' ? stack : args[1]);
if (!existsSync(answer)) {
  console.error('aws: [ERROR]: An error occurred (ValidationError) when calling the GetTemplate operation: Stack with id ' + stack + ' does not exist');
  process.exit(254);
}
const text = readFileSync(answer, 'utf8');
if (text.startsWith('!')) { console.error(text.slice(1)); process.exit(254); }
process.stdout.write(text);
`;

let root: string;
let assembly: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-fetch-'));
  assembly = join(root, 'cdk.out');
  const app = new App({ context, analyticsReporting: false, outdir: assembly });
  addGatehouse(app, {
    settings: settingsFrom({ ...context, ...PRODUCTION, ...EDGE }),
    code: () => Code.fromInline('exports.handler = async () => undefined;'),
    migrations: 'the hash of the migrations',
    version: '1.2.3',
  });
  app.synth();
});
afterAll(() => rm(root, { recursive: true, force: true }));

let place: string;
let into: string;
beforeEach(async () => {
  place = await mkdtemp(join(root, 'aws-'));
  into = join(place, 'deployed');
  await writeFile(join(place, 'aws'), AWS, { mode: 0o755 });
});

async function fetch(...more: string[]): Promise<{ out: string; err: string; code: number }> {
  const env = { PATH: `${place}${delimiter}${process.env.PATH}`, AWS_ACCESS_KEY_ID: 'OWN', AWS_REGION: 'eu-west-1' };
  try {
    const args = ['changes', 'fetch', '--to', assembly, '--into', into, ...more];
    const { stdout, stderr } = await run(process.execPath, [COMMAND, ...args], { env });
    return { out: stdout, err: stderr, code: 0 };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return { out: stdout, err: stderr, code };
  }
}

async function asked(): Promise<{ args: string[]; key: string }[]> {
  const lines = (await readFile(join(place, 'asked'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { args: string[]; key: string });
}

describe('gatehouse changes fetch', () => {
  test('writes the templates that are deployed as they were handed in, and none for a stack that is not there', async () => {
    await writeFile(
      join(place, 'gatehouse-prod-data'),
      JSON.stringify({ Resources: { X: { Type: 'AWS::S3::Bucket' } } }),
    );
    const { code, out } = await fetch();
    expect(out.split('\n').sort()).toEqual([
      '',
      'gatehouse-prod-data: fetched',
      'gatehouse-prod-edge: not deployed yet',
      'gatehouse-prod-service: not deployed yet',
    ]);
    expect(code).toBe(0);
    expect(await readdir(into)).toEqual(['gatehouse-prod-data.template.json']);
    expect(JSON.parse(await readFile(join(into, 'gatehouse-prod-data.template.json'), 'utf8'))).toEqual({
      Resources: { X: { Type: 'AWS::S3::Bucket' } },
    });
    for (const { args, key } of await asked()) {
      expect(args.slice(0, 3)).toEqual(['cloudformation', 'get-template', '--stack-name']);
      expect(args).toEqual(expect.arrayContaining(['--template-stage', 'Original']));
      expect(key).toBe('OWN');
    }
  });

  test('asks for the web ACL’s stack where that is', async () => {
    await fetch();
    const regions = (await asked()).map(({ args }) => [args[3], args[args.indexOf('--region') + 1]]);
    expect(regions).toContainEqual(['gatehouse-prod-edge', 'us-east-1']);
    expect((await asked()).filter(({ args }) => args.includes('--region'))).toHaveLength(1);
  });

  test('assumes the lookup role of each stack’s region, and asks with its key', async () => {
    await writeFile(join(place, 'get-caller-identity'), 'arn:aws:sts::111122223333:assumed-role/deploy/x\n');
    const Credentials = { AccessKeyId: 'LOOKUP', SecretAccessKey: 's', SessionToken: 't' };
    await writeFile(join(place, 'assume-role'), JSON.stringify({ Credentials }));
    expect((await fetch('--lookup-role')).code).toBe(0);
    const all = await asked();
    const assumed = all.filter(({ args }) => args[1] === 'assume-role').map(({ args }) => args[3]);
    const lookup = (region: string) =>
      `arn:aws:iam::111122223333:role/cdk-hnb659fds-lookup-role-111122223333-${region}`;
    expect(new Set(assumed)).toEqual(new Set([lookup('eu-west-1'), lookup('us-east-1')]));
    for (const { args, key } of all) expect(key).toBe(args[1] === 'get-template' ? 'LOOKUP' : 'OWN');
  });

  test('stops at any other answer, so that a stack is never taken for new because nobody may look', async () => {
    await writeFile(join(place, 'gatehouse-prod-data'), '!An error occurred (AccessDenied) when calling GetTemplate');
    const { code, err } = await fetch();
    expect(err).toBe(
      'gatehouse-prod-data: AWS does not hand over its template. An error occurred (AccessDenied) when calling GetTemplate\n',
    );
    expect(code).toBe(1);
  });

  test('stops at a template that the CDK cannot have deployed', async () => {
    await writeFile(join(place, 'gatehouse-prod-data'), '"Resources:\\n  X: 1"');
    expect((await fetch()).err).toMatch(/^gatehouse-prod-data: its template is not JSON, so the CDK did not deploy it/);
  });

  test('says that the AWS command line is missing', async () => {
    await rm(join(place, 'aws'));
    const args = ['changes', 'fetch', '--to', assembly, '--into', into];
    await expect(run(process.execPath, [COMMAND, ...args], { env: { PATH: place } })).rejects.toMatchObject({
      stderr: 'There is no command aws. Install the AWS command line interface.\n',
    });
  });
});

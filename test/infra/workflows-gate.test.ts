import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsFrom } from '../../infra/settings.ts';
import { addGatehouse } from '../../infra/stacks/gatehouse.ts';
import { context, PRODUCTION } from './synthesized.ts';

/** The scripts of the workflows' steps, run by bash the way a runner does, with the real `gatehouse` and the real `cdk`. */

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

type Step = { readonly name?: string; readonly run?: string };
type Workflow = { readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>> };

async function script(file: string, job: string, name: string): Promise<string> {
  const text = await readFile(join(CHECKOUT, '.github', 'workflows', file), 'utf8');
  const step = (parse(text) as Workflow).jobs[job]?.steps?.find((one) => one.name === name);
  if (step?.run === undefined) throw new Error(`${file} has no step ${name}`);
  return step.run;
}

/** Stands for npx in a checkout: the same programs, from wherever the test runs. */
const NPX = `#!/bin/sh
program="$1"
shift
case "$program" in
  gatehouse) exec '${process.execPath}' '${join(CHECKOUT, 'infra/cli/gatehouse.mjs')}' "$@" ;;
  cdk) exec '${process.execPath}' '${join(CHECKOUT, 'node_modules/aws-cdk/bin/cdk')}' "$@" ;;
esac
exit 127
`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-workflows-'));
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin', 'npx'), NPX, { mode: 0o755 });
  const synthesize = (outdir: string, more: Readonly<Record<string, unknown>>) => {
    const app = new App({ context, analyticsReporting: false, outdir });
    addGatehouse(app, {
      settings: settingsFrom({ ...context, ...PRODUCTION, ...more }),
      code: () => Code.fromInline('exports.handler = async () => undefined;'),
      migrations: 'the hash of the migrations',
      version: '1.2.3',
    });
    app.synth();
  };
  synthesize(join(root, 'deployed'), {});
  synthesize(join(root, 'cdk.out'), { 'gatehouse.registration.dcr': 'token' });
  await writeFile(join(root, 'labels.txt'), '');
  await writeFile(join(root, 'cdk-diff.txt'), 'the diff\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function step(text: string, env: Readonly<Record<string, string>>): Promise<{ code: number; out: string }> {
  const output = join(root, 'output');
  const summary = join(root, 'summary');
  await Promise.all([writeFile(output, ''), writeFile(summary, '')]);
  const all = {
    PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}`,
    HOME: root,
    STAGE: 'prod',
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    ...env,
  };
  try {
    const { stdout } = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
      cwd: root,
      env: all,
    });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: `${stdout}${stderr}` };
  }
}

describe('the gate of a pull request', () => {
  test('fails, and hands the comment to the job that posts it, whole', async () => {
    const gate = await script('pull-request.yml', 'changes', 'Gate');
    const { code } = await step(gate, { ACCEPT_REPLACEMENT: 'false', ACCEPT_WIDER_IAM: 'false' });
    expect(code).toBe(1);
    const [first = '', ...lines] = (await readFile(join(root, 'output'), 'utf8')).trimEnd().split('\n');
    const [, end] = /^comment<<([0-9a-f]{32})$/.exec(first) ?? [];
    expect(lines.pop()).toBe(end);
    expect(`${lines.join('\n')}\n`).toBe(await readFile(join(root, 'summary'), 'utf8'));
    expect(lines[0]).toBe('### This change would stop the deployment');
    expect(lines.join('\n')).toContain('TOKEN#*');
    expect(lines.join('\n')).toContain('the diff');
  });

  test('passes with the label that says so, and with no other', async () => {
    const gate = await script('pull-request.yml', 'changes', 'Gate');
    expect((await step(gate, { ACCEPT_REPLACEMENT: 'true', ACCEPT_WIDER_IAM: 'false' })).code).toBe(1);
    expect((await step(gate, { ACCEPT_REPLACEMENT: 'false', ACCEPT_WIDER_IAM: 'true' })).code).toBe(0);
  });
});

describe('the gate of the deployment', () => {
  test('stops the job, though its output goes through a pipe', async () => {
    const gate = await script('deploy.yml', 'deploy', 'Gate');
    const { code, out } = await step(gate, { ACCEPT_REPLACEMENT: '', ACCEPT_WIDER_IAM: '' });
    expect(out).toContain('Deploy stopped: this change would widen what is allowed, 2 in all:');
    expect(await readFile(join(root, 'summary'), 'utf8')).toContain('Deploy stopped');
    expect(code).toBe(1);
  });

  test('lets it go by the label of what was merged, whole, or by the box that a person ticked', async () => {
    const gate = await script('deploy.yml', 'deploy', 'Gate');
    const labels = async (text: string) => {
      await writeFile(join(root, 'labels.txt'), text);
      return (await step(gate, { ACCEPT_REPLACEMENT: '', ACCEPT_WIDER_IAM: '' })).code;
    };
    expect(await labels('bug\naccept-wider-iam\n')).toBe(0);
    expect(await labels('not-accept-wider-iam\naccept-replacement\n')).toBe(1);
    await writeFile(join(root, 'labels.txt'), '');
    expect((await step(gate, { ACCEPT_REPLACEMENT: 'false', ACCEPT_WIDER_IAM: 'true' })).code).toBe(0);
  });
});

describe('the diff of a pull request', () => {
  test('is the CDK’s own, of every stack, without asking AWS', { timeout: 60_000 }, async () => {
    await rm(join(root, 'deployed', 'gatehouse-prod-data.template.json'));
    const { code, out } = await step(await script('pull-request.yml', 'changes', 'cdk diff'), { CI: 'true' });
    expect(code, out).toBe(0);
    const diff = await readFile(join(root, 'cdk-diff.txt'), 'utf8');
    expect(diff).toContain('Stack gatehouse-prod-data');
    expect(diff).toMatch(/\[\+\] AWS::DynamoDB::GlobalTable Grants/);
    expect(diff).toContain('Stack gatehouse-prod-service');
    expect(diff).toMatch(/\[~\] AWS::IAM::Role AuthorizationServer\/Register\/Role/);
  });
});

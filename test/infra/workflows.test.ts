import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const WORKFLOWS = join(CHECKOUT, '.github', 'workflows');

type Permissions = Readonly<Record<string, string>>;
type Step = {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
};
type Job = {
  readonly permissions?: Permissions;
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly environment?: string;
  readonly if?: string;
  readonly needs?: string;
  readonly 'timeout-minutes'?: number;
  readonly 'runs-on'?: string;
};
type Workflow = {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Permissions;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': unknown };
  readonly env?: Permissions;
  readonly jobs: Readonly<Record<string, Job>>;
};

const files = readdirSync(WORKFLOWS).filter((name) => /\.ya?ml$/.test(name));
const texts = new Map(files.map((name) => [name, readFileSync(join(WORKFLOWS, name), 'utf8')]));
const workflows = [...texts].map(([name, text]) => [name, parse(text) as Workflow] as const);
const jobs = workflows.flatMap(([name, workflow]) =>
  Object.entries(workflow.jobs).map(([id, job]) => [`${name}: ${id}`, job] as const),
);
const steps = jobs.flatMap(([name, job]) => (job.steps ?? []).map((step) => [name, step] as const));
const runs = steps.flatMap(([name, { run }]) => (run === undefined ? [] : [[name, run] as const]));

test('there are the three workflows', () => {
  expect(files.sort()).toEqual(['check.yml', 'deploy.yml', 'pull-request.yml']);
});

describe('what a workflow runs that is not ours', () => {
  test('is pinned to a commit, with its version beside it', () => {
    for (const [name, text] of texts) {
      const uses = text.split('\n').filter((line) => /^\s*-?\s*uses:/.test(line) && !line.includes('uses: ./'));
      for (const line of uses) {
        expect(line, name).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      }
      const parsed = steps.filter(([job, step]) => job.startsWith(`${name}:`) && step.uses !== undefined);
      expect(parsed.length, name).toBe(uses.length);
    }
  });

  test('is at one commit wherever it is used', () => {
    const pins = new Set(
      [...texts.values()].flatMap((text) => [...text.matchAll(/uses: (\S+@\S+ # \S+)/g)].map(([, pin]) => pin)),
    );
    const actions = [...pins].map((pin) => pin?.split('@')[0]);
    expect(actions.sort()).toEqual(['actions/checkout', 'actions/setup-node', 'aws-actions/configure-aws-credentials']);
  });

  test('gets no credentials that stay in the checkout', () => {
    for (const [name, step] of steps) {
      if (step.uses?.startsWith('actions/checkout@')) expect(step.with, name).toEqual({ 'persist-credentials': false });
    }
  });
});

describe('what a workflow may do', () => {
  test('is nothing, unless a job says so, and each says what', () => {
    for (const [name, workflow] of workflows) expect(workflow.permissions, name).toEqual({});
    expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
      'check.yml: check': { contents: 'read' },
      'pull-request.yml: changes': { contents: 'read', 'id-token': 'write' },
      'pull-request.yml: comment': { 'pull-requests': 'write' },
      'deploy.yml: check': { contents: 'read' },
      'deploy.yml: deploy': { contents: 'read', 'id-token': 'write', 'pull-requests': 'read' },
    });
  });

  test('is never decided by who is outside: no trigger runs foreign code with our rights', () => {
    const triggers = workflows.flatMap(([, workflow]) => Object.keys(workflow.on));
    expect([...new Set(triggers)].sort()).toEqual(['pull_request', 'push', 'workflow_call', 'workflow_dispatch']);
    expect([...texts.values()].join()).not.toContain('secrets.');
  });

  test('never comes into a script as text: values reach it through its environment', () => {
    for (const [name, run] of runs) expect(run, name).not.toContain('${{');
  });

  test('is not lent to what a pull request brought along: the job that comments checks nothing out and installs nothing', () => {
    const [, comment] = jobs.find(([name]) => name === 'pull-request.yml: comment') ?? [];
    expect(comment?.steps?.map(({ uses, run }) => uses ?? run?.match(/\b(?:gh|npm|npx|node) \w+/g))).toEqual([
      ['gh pr'],
    ]);
  });

  test('ends: every job has a time limit, and a newer run takes its turn', () => {
    for (const [name, job] of jobs) {
      if (job.uses === undefined) expect(job['timeout-minutes'], name).toBeLessThanOrEqual(60);
    }
    for (const [name, { concurrency }] of workflows) expect(concurrency?.group, name).toContain('${{ github.');
    expect(workflows.find(([name]) => name === 'deploy.yml')?.[1].concurrency?.['cancel-in-progress']).toBe(false);
  });
});

describe('the deployment', () => {
  const [, deploy] = jobs.find(([name]) => name === 'deploy.yml: deploy') ?? [];
  const lines = deploy?.steps?.map(({ uses, run }) => uses ?? run ?? '') ?? [];
  const at = (part: string) => lines.findIndex((line) => line.includes(part));

  test('is of the main branch, in the environment that the role trusts, after the tests', () => {
    expect(deploy).toMatchObject({ environment: 'prod', needs: 'check' });
    expect(deploy?.if).toContain("github.ref == 'refs/heads/main'");
    const [, workflow] = workflows.find(([name]) => name === 'deploy.yml') ?? [];
    expect(workflow?.env).toEqual({ STAGE: 'prod' });
    expect(workflow?.jobs.check?.uses).toBe('./.github/workflows/check.yml');
  });

  test('comes after the gate, of the very assembly that passed it, and is looked at', () => {
    const order = [
      'npm ci',
      'cdk synth',
      'configure-aws-credentials',
      'changes fetch',
      'changes --from',
      'cdk deploy',
      'doctor',
    ];
    const places = order.map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(lines.filter((line) => line.includes('cdk synth'))).toHaveLength(1);
    expect(lines[at('cdk deploy')]).toContain('--app cdk.out');
    expect(lines[at('changes --from')]).toContain('--to cdk.out');
  });

  test('runs no install script where there are rights to deploy', () => {
    const privileged = jobs.filter(([, { permissions }]) => permissions?.['id-token'] === 'write');
    const installs = privileged
      .flatMap(([, job]) => job.steps?.map(({ run }) => run ?? '') ?? [])
      .filter((run) => run.includes('npm ci'));
    expect(installs).toEqual(['npm ci --ignore-scripts', 'npm ci --ignore-scripts']);
  });
});

describe('every command in a script', () => {
  test('is written so that bash can read it', () => {
    for (const [name, run] of runs) {
      expect(() => execFileSync('bash', ['-n', '-c', run], { stdio: 'pipe' }), `${name}: ${run}`).not.toThrow();
    }
  });

  const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
    readonly bin: Readonly<Record<string, string>>;
  };
  const named = (pattern: RegExp) => [
    ...new Set(runs.flatMap(([, run]) => [...run.matchAll(pattern)].map(([, name]) => name))),
  ];

  test('of npm installs, and the tests are those that decide anywhere', () => {
    expect(named(/npm (?:run )?([\w:-]+)/g)).toEqual(['ci']);
    const [, check] = jobs.find(([name]) => name === 'check.yml: check') ?? [];
    expect(check?.steps?.at(-1)?.run).toBe('bash .ci/run');
    const suites = /for suite in (.+); do/.exec(readFileSync(join(CHECKOUT, '.ci/run'), 'utf8'))?.[1]?.split(' ') ?? [];
    expect(suites).toContain('test');
    for (const script of suites) expect(Object.keys(manifest.scripts)).toContain(script);
  });

  test('of npx is installed, or is ours', () => {
    const programs = named(/npx (\w+)/g);
    expect(programs.sort()).toEqual(['cdk', 'gatehouse']);
    const installed = [...readdirSync(join(CHECKOUT, 'node_modules', '.bin')), ...Object.keys(manifest.bin)];
    expect(programs.filter((program) => !installed.includes(program ?? ''))).toEqual([]);
  });

  test('of gatehouse exists', () => {
    const help = execFileSync(process.execPath, [join(CHECKOUT, 'infra/cli/gatehouse.mjs'), 'help'], {
      encoding: 'utf8',
    });
    const commands = named(/gatehouse ([a-z]+)/g);
    expect(commands.sort()).toEqual(['changes', 'doctor']);
    for (const command of commands) expect(help).toMatch(new RegExp(`^ {2}gatehouse ${command} `, 'm'));
  });
});

test('dependabot looks after the actions and the packages, a week after their release', () => {
  const { updates } = parse(readFileSync(join(CHECKOUT, '.github', 'dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; cooldown: { 'default-days': number } }[];
  };
  expect(updates.map((update) => [update['package-ecosystem'], update.cooldown['default-days']])).toEqual([
    ['github-actions', 7],
    ['npm', 7],
  ]);
});

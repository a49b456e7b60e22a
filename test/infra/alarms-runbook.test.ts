import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { alarmsOf, headingOf } from './alarms.ts';
import { ofType, PRODUCTION, synthesized } from './synthesized.ts';

/** The runbook is what the alarms say it is: each has its heading, and what its commands name is in the template. */
const runbook = readFileSync('infra/RUNBOOK.md', 'utf8');
const prod = synthesized({ ...PRODUCTION, 'gatehouse.alarms.monthlyBudgetUsd': 100 });
const alarms = alarmsOf(prod.service);

/** The part under `## When an alarm goes off`, by its headings. */
const [, after = ''] = runbook.split('\n## When an alarm goes off\n');
const [about = ''] = after.split(/\n(?=## )/);
const sections = new Map(
  about
    .split(/\n(?=### )/)
    .slice(1)
    .map((text) => [/^### (.+)$/m.exec(text)?.[1] ?? '', text] as const),
);

/** The one heading that belongs to a budget, and to no alarm. */
const OF_THE_BUDGET = 'The month costs more than planned';

/** How GitHub makes the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

describe('infra/RUNBOOK.md', () => {
  test('has a heading for every alarm, and no heading without one', () => {
    expect(alarms.length).toBeGreaterThan(20);
    const wanted = new Set([...alarms.map(headingOf), OF_THE_BUDGET]);
    expect([...sections.keys()].sort()).toEqual([...wanted].sort());
    expect(Object.keys(ofType(prod.service, 'AWS::Budgets::Budget'))).toHaveLength(1);
  });

  test('names each alarm under its heading, and has a command there', () => {
    for (const alarm of alarms) {
      const section = sections.get(headingOf(alarm)) ?? '';
      const name = alarm.AlarmName.replace('gatehouse-prod-', '');
      const family = name.replace(/^(errors|throttles|throttled-reads|throttled-writes)-.*$/, '$1-<');
      expect(section.includes(`\`${name}\``) || section.includes(`\`${family}`), name).toBe(true);
    }
    for (const [heading, section] of sections) expect(section, heading).toMatch(/```sh\n(?:aws|said|for|npx) /);
  });

  test('links to headings that are there', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
    const readme = readFileSync('infra/README.md', 'utf8');
    const inReadme = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const toReadme = [...runbook.matchAll(/\]\(README\.md#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(toReadme.filter((link) => !inReadme.includes(link))).toEqual([]);
    const fromReadme = [...readme.matchAll(/\]\(RUNBOOK\.md#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(fromReadme.filter((link) => !anchors.includes(link))).toEqual([]);
  });
});

describe('its commands', () => {
  const blocks = [...runbook.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text).join('\n');

  test('find each log group by a part of its name, and no other with it', () => {
    // CloudFormation names a group after its stack and logical id.
    const groups = Object.keys(ofType(prod.service, 'AWS::Logs::LogGroup'));
    const parts = [...blocks.matchAll(/(?:log_of|said) (\w+)/g)].map(([, part = '']) => part);
    const looped = /for each in ([\w ]+); do/.exec(blocks)?.[1]?.split(' ') ?? [];
    const listed = [...(/^The parts: (`\w+Log`(?:, `\w+Log`)*)\.$/m.exec(runbook)?.[1] ?? '').matchAll(/\w+/g)].map(
      ([part]) => part,
    );
    expect(listed).toHaveLength(groups.length);
    for (const part of new Set([...parts, ...looped, ...listed])) {
      expect(
        groups.filter((group) => group.includes(part)),
        part,
      ).toHaveLength(1);
    }
  });

  test('name alarms, stacks, the dashboard, outputs and parameters that exist', () => {
    const names = new Set(alarms.map(({ AlarmName }) => AlarmName));
    const asked = [...blocks.matchAll(/--alarm-name (\S+)/g)].map(([, name = '']) => name);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
    const stacks = new Set([prod.stacks.data.stackName, prod.stacks.service.stackName]);
    const meant = [...blocks.matchAll(/--stack-name (\S+)/g)].map(([, name = '']) => name);
    expect(meant.length).toBeGreaterThan(1);
    expect(meant.filter((name) => !stacks.has(name))).toEqual([]);
    const [dashboard] = Object.values(
      ofType<{ readonly DashboardName: string }>(prod.service, 'AWS::CloudWatch::Dashboard'),
    );
    for (const [, name] of blocks.matchAll(/--dashboard-name (\S+)/g))
      expect(name).toBe(dashboard?.Properties.DashboardName);
    const outputs = Object.keys(prod.service.findOutputs('*'));
    const placeholders = [...runbook.matchAll(/<([A-Z]\w+(?:Name|Arn))>|output `(\w+)`/g)].map(
      ([, one, other]) => one ?? other ?? '',
    );
    expect(placeholders.length).toBeGreaterThan(3);
    expect(placeholders.filter((name) => !outputs.includes(name))).toEqual([]);
    const parameters = prod.service.toJSON().Parameters as Readonly<Record<string, { AllowedValues?: string[] }>>;
    const set = [...blocks.matchAll(/ParameterKey=(\w+),ParameterValue=(\w+)/g)];
    expect(set.length).toBeGreaterThan(0);
    for (const [, key = '', value = ''] of set) expect(parameters[key]?.AllowedValues, key).toContain(value);
  });

  test('ask the gatehouse command for what it has', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['infra/cli/gatehouse.mjs', 'help']);
    const asked = [...runbook.matchAll(/npx gatehouse ([a-z]+) ([a-z]+)/g)];
    expect(asked.length).toBeGreaterThan(15);
    for (const [, command = '', what = ''] of asked) {
      expect(stdout, `${command} ${what}`).toMatch(new RegExp(`gatehouse ${command} .*\\b${what}\\b`));
    }
  });

  test('acknowledge that roles of the stack have names, without which CloudFormation changes nothing', () => {
    const roles = Object.values(ofType<{ readonly RoleName?: unknown }>(prod.service, 'AWS::IAM::Role'));
    expect(roles.some(({ Properties }) => Properties.RoleName !== undefined)).toBe(true);
    for (const [, capability] of runbook.matchAll(/--capabilities (\S+)/g))
      expect(capability).toBe('CAPABILITY_NAMED_IAM');
  });

  test('listen for what the functions say', () => {
    const messages = [...blocks.matchAll(/\$\.message = "([^"]+)"/g)].map(([, message = '']) => message);
    expect(messages.length).toBeGreaterThan(2);
    const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(`functions/${name}`, 'utf8'))
      .join('\n');
    for (const message of messages) expect(sources, message).toContain(`'${message}'`);
  });
});

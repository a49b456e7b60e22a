import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployedStage, gatehouse, statementsOf, TABLE, theOnly } from './changes.ts';

let stage: Awaited<ReturnType<typeof deployedStage>>;
beforeAll(async () => {
  stage = await deployedStage();
});
afterAll(() => stage.remove());

describe('a change that loses nothing and widens nothing', () => {
  test('passes, and says how much changes', async () => {
    const to = await stage.changed('service', (resources) => {
      for (const resource of Object.values(resources)) {
        if (resource.Type === 'AWS::Lambda::Function') resource.Properties.Description = 'Newer code';
      }
    });
    const { code, out } = await stage.compare(to);
    expect(out).toMatch(/^gatehouse-prod-service: 8 changed, 0 new, 0 removed$/m);
    expect(out).toContain('Nothing that holds state is replaced or removed, and nobody may do more than before.');
    expect(code).toBe(0);
  });

  test('passes where a role may do less than before', async () => {
    const to = await stage.changed('data', (resources) => {
      const role = theOnly(resources, 'AWS::IAM::Role', 'Operator');
      const [items] = statementsOf(role);
      if (items) items.Action = ['dynamodb:GetItem'];
      if (items) items.Condition = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['CLIENT#*'] } };
    });
    expect(stage.look(to).code).toBe(0);
  });
});

describe('what is compared', () => {
  test('may be the stacks of one stage alone', async () => {
    const to = await stage.changed('data', (resources) => {
      theOnly(resources, TABLE, 'Grants').Properties.KeySchema = [];
    });
    expect((await stage.compare(to, '--only', 'gatehouse-prod-service')).code).toBe(0);
    expect((await stage.compare(to, '--only', 'gatehouse-prod-')).code).toBe(1);
    expect((await stage.compare(to, '--only', 'gatehouse-test-')).err).toContain(
      'holds no gatehouse-test-*.template.json',
    );
  });

  test('leaves a stack alone that is deployed and not in the assembly', async () => {
    const to = await stage.changed('data', () => undefined);
    await rm(join(to, 'gatehouse-prod-service.template.json'));
    const { code, out } = await stage.compare(to);
    expect(out).toContain('gatehouse-prod-service: not part of this deployment, stays as it is');
    expect(code).toBe(0);
  });
});

describe('the comment on a pull request', () => {
  test('says the verdict, the findings, the labels that accept them, and what cdk diff says', async () => {
    const to = await stage.changed('data', (resources) => {
      theOnly(resources, TABLE, 'Grants').Properties.KeySchema = [];
    });
    const diff = join(stage.root, 'diff.txt');
    await writeFile(diff, '\u001b[31m[-]\u001b[0m AWS::DynamoDB::GlobalTable Grants │ replace\n');
    const { code, out } = await stage.compare(to, '--markdown', '--diff', diff);
    expect(out).toMatch(/^### This change would stop the deployment\n\n```text\n/);
    expect(out).toContain('Label the pull request `accept-replacement`:');
    expect(out).toContain(
      '<details><summary>cdk diff</summary>\n\n```text\n[-] AWS::DynamoDB::GlobalTable Grants | replace',
    );
    expect(code).toBe(1);
    const passed = await stage.compare(to, '--markdown', '--accept', 'replacement');
    expect(passed.out).toMatch(/^### This change can be deployed\n/);
    expect(passed.out).not.toContain('Label the pull request');
  });

  test('cannot be left by what a template or the diff says', async () => {
    const to = await stage.changed('data', (resources) => {
      const [statement] = statementsOf(theOnly(resources, 'AWS::IAM::Role', 'Operator'));
      if (statement) statement.Action = 'x:```\n@everybody ![](https://evil.example)\u001b[2J';
    });
    const diff = join(stage.root, 'evil.txt');
    await writeFile(diff, '````\n@everybody\n');
    const { out } = await stage.compare(to, '--markdown', '--diff', diff);
    const [first = '', second = ''] = [...out.matchAll(/^(`+)text$/gm)].map(([, fence]) => fence);
    expect(first.length).toBe(4);
    expect(second.length).toBe(5);
    expect(out).toContain('x:```\\u{A}@everybody');
    expect(out).not.toContain('\u001b');
  });

  test('fits into what GitHub takes, whatever the diff weighs', async () => {
    const diff = join(stage.root, 'long.txt');
    await writeFile(diff, `${'┌───┐ € '.repeat(20)}\n`.repeat(2_000));
    const { out } = await stage.compare(stage.deployed, '--markdown', '--diff', diff);
    expect(Buffer.byteLength(out)).toBeLessThan(65_536);
    expect(Buffer.byteLength(out)).toBeGreaterThan(50_000);
    expect(out).toContain('… and more: see the log of the job');
    expect(out).not.toContain('\uFFFD');
    expect(out.trimEnd().endsWith('```\n\n</details>')).toBe(true);
  });
});

describe('a mistake', () => {
  test.each([
    [['--from', 'nowhere', '--to', 'nowhere'], /^nowhere: there is no such directory\. Run: npx cdk synth/],
    [['--from', 'x'], /^Usage: gatehouse changes --from/],
    [['fetch', '--to', 'x'], /^Usage: gatehouse changes --from/],
    [['other'], /^Usage: gatehouse changes --from/],
    [['--form', 'x'], /Unknown option '--form'.*\. Usage: /],
  ])('%j is told in a sentence', async (args, told) => {
    const { code, err } = await gatehouse(...args);
    expect(err).toMatch(told);
    expect(code).toBe(1);
  });

  test('in what is accepted is told in a sentence', async () => {
    const { err } = await stage.compare(stage.deployed, '--accept', 'everything');
    expect(err).toBe('--accept everything: is nothing that can be accepted. Use one of: replacement, wider-iam\n');
  });

  test('in a template is told with its file', async () => {
    const to = join(stage.root, 'broken');
    await mkdir(to);
    await writeFile(join(to, 'gatehouse-prod-data.template.json'), '"a string"');
    const { code, err } = await stage.compare(to);
    expect(err).toContain('gatehouse-prod-data.template.json: is no CloudFormation template in JSON.');
    expect(code).toBe(1);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ACKNOWLEDGEMENTS, acknowledged, attachPacks, findings } from '../../infra/nag.ts';
import { COMBINATIONS } from './combinations.ts';
import { built } from './synthesized.ts';

/** A file of its own: once packs are attached to an app, whatever synthesizes it may throw. */
// The first synthesis of a process takes seconds, and more of them where other tests keep the cores busy.
vi.setConfig({ testTimeout: 60_000 });
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-nag-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Report = {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
};

/** What the CDK reports when it synthesizes the app: nothing, or where which rule was broken. */
function violations(app: App): readonly string[] {
  let thrown: unknown;
  try {
    app.synth();
  } catch (error) {
    thrown = error;
  }
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  const found = report.pluginReports.flatMap(({ violations: each }) =>
    each.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${constructPath} ${ruleName}`),
    ),
  );
  // Whatever else made it throw is told, and not taken for a clean app.
  if (found.length === 0 && thrown !== undefined) throw thrown;
  return found;
}

let apps = 0;
const outdir = () => join(directory, String(apps++));

describe('cdk-nag', () => {
  test.each(Object.entries(COMBINATIONS))('has nothing to say that is not acknowledged: %s', (_, replaced) => {
    const { app, settings } = built(replaced, outdir());
    attachPacks(app, settings);
    expect(violations(app)).toEqual([]);
  });

  test('has something to say about what nobody acknowledged, and the synthesis fails', () => {
    const { app, settings } = built({}, outdir());
    new Bucket(new Stack(app, 'another'), 'Open');
    attachPacks(app, settings);
    expect(violations(app)).toEqual(
      expect.arrayContaining(['another/Open/Resource AwsSolutions-S1', 'another/Open/Resource AwsSolutions-S10']),
    );
  });

  test('asks for what only a disposable stage may lack, where a stage is not', () => {
    const { app, settings } = built(
      {
        'gatehouse.stage': 'test',
        'gatehouse.sampleData': false,
        'gatehouse.identity': { kind: 'cognito', mfa: 'off' },
      },
      outdir(),
    );
    attachPacks(app, settings);
    expect(violations(app)).toEqual(['gatehouse-test-data/People/UserPool/Resource AwsSolutions-COG2']);
  });
});

describe('an acknowledgement', () => {
  type Raw = { readonly found: readonly string[]; readonly known: readonly string[]; readonly stage: string };
  const raw: Raw[] = [];
  beforeAll(() => {
    for (const replaced of Object.values(COMBINATIONS)) {
      const { app, settings } = built(replaced, outdir());
      app.synth();
      raw.push({ found: findings(app, settings), known: acknowledged(settings), stage: settings.stage });
    }
  });

  test('still has a finding that it is for, in at least one combination of settings', () => {
    const anyStage = (line: string, stage: string) => line.replace(`gatehouse-${stage}-`, 'gatehouse-<stage>-');
    const found = new Set(raw.flatMap((each) => each.found.map((line) => anyStage(line, each.stage))));
    const known = new Set(raw.flatMap((each) => each.known.map((line) => anyStage(line, each.stage))));
    expect([...known].filter((line) => !found.has(line))).toEqual([]);
    expect(known.size).toBeGreaterThan(50);
  });

  test('is made once for each finding', () => {
    expect(raw).toHaveLength(Object.keys(COMBINATIONS).length);
    for (const { known } of raw) expect(known.filter((line, at) => known.indexOf(line) !== at)).toEqual([]);
  });

  test('is on the resource itself, never on a scope around it', () => {
    const { app, settings } = built({}, outdir());
    attachPacks(app, settings);
    // The CDK acknowledges warnings of its own in the same place.
    const ours = (data: unknown) => /AwsSolutions|NIST|Serverless/.test(JSON.stringify(data));
    const marked = app.node
      .findAll()
      .filter(({ node }) =>
        node.metadata.some(({ type, data }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY && ours(data)),
      );
    expect(marked.length).toBeGreaterThan(50);
    expect(marked.filter(({ node }) => node.children.length > 0).map(({ node }) => node.path)).toEqual([]);
  });

  test('says why in one to three sentences', () => {
    for (const { reason, rules } of ACKNOWLEDGEMENTS) {
      expect(reason, rules.join()).toMatch(/^[A-Z].{60,}\.$/);
      expect(reason.split(/[.?](?: |$)/).filter((sentence) => sentence !== '').length, reason).toBeLessThanOrEqual(3);
    }
  });
});

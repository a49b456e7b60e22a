import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, startFixture } from '../conformance/fixture.ts';
import { differencesOf, REVISIONS, type Revision, score } from '../conformance/suite.ts';

/** The official conformance suite against production's router and engine (test/conformance/README.md). */
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

test.for<[Revision['name'], number]>([
  ['2026-07-28', 37],
  ['2025-11-25', 26],
])(
  'the server conforms to %s in %i scenarios, and fails those it is known to fail',
  { timeout: 120_000 },
  async (row) => {
    const [name, passing] = row;
    const revision = REVISIONS.find((one) => one.name === name);
    if (!revision) throw new Error(`${name} is not run`);
    const { passed, differences, said } = await score(fixture.url, revision);
    expect(differences, said).toEqual([]);
    expect(passed).toHaveLength(passing);
  },
);

test('a suite that finds nobody has passed nothing', { timeout: 120_000 }, async () => {
  const nobody = await score('http://localhost:1/mcp', { name: '2026-07-28', required: 36 });
  expect(nobody.passed).toEqual([]);
  expect(nobody.differences).toContain('2026-07-28: the suite requires 37 scenarios, not 36');
  expect(nobody.differences).toContain('2026-07-28: tools-list failed');
});

test('an expected failure that passes is a difference, and so is an exit code', () => {
  const [, revision] = REVISIONS;
  if (!revision) throw new Error('2025-11-25 is not run');
  const required = Array.from({ length: 30 }, (_, number) => `scenario-${number}`);
  const four = ['tools-call-sampling', 'tools-call-elicitation', 'elicitation-sep1034-defaults'];
  expect(differencesOf(revision, required, [...four, 'elicitation-sep1330-enums'], 0)).toEqual([]);
  expect(differencesOf(revision, required, four, 1)).toEqual([
    '2025-11-25: elicitation-sep1330-enums passed, and is listed as a failure',
    '2025-11-25: the suite ended with code 1',
  ]);
});

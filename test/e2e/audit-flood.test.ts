import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE, ONE_BY_ONE } from '../../functions/core/audit/refusal-counts.ts';
import { gatehouse, gatehouseJson } from '../attacks/support/l-operator.ts';
import { type FlowCloud, startFlowCloud } from '../attacks/support/t-flow.ts';
import { auditRowsOf } from '../support/audit-rows.ts';
import { signIn } from '../support/sign-in.ts';

/**
 * What somebody without an account can do to the size of the audit log, over HTTP, with API Gateway's throttle out of the
 * way.
 */
const DENIALS = 1_000;
const REDIRECT_URI = 'http://127.0.0.1:33418/';

let here: FlowCloud;
let clientId: string;
const deny = async () => {
  const url = here.authorizeUrl(clientId, { code_challenge: 'A'.repeat(43), state: 'xyz' });
  return (await signIn(url, REDIRECT_URI, { as: 'ada', decision: 'deny' })).searchParams.get('error');
};
const denied = async () => {
  const rows = (await auditRowsOf(here.cloud)).filter(({ k, x }) => k === 'auth:consent' && x === 'denied');
  const counts = rows.filter(({ f }) => f === 'count');
  return { single: rows.length - counts.length, counts: counts.map(({ m = 0 }) => m) };
};
const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);

beforeAll(async () => {
  here = await startFlowCloud({ settings: { throttle: { authorize: { rate: 10_000, burst: 5_000 } } } });
  ({ id: clientId } = await here.register());
}, 120_000);
afterAll(async () => {
  await here?.close();
});

describe('consents that are denied over and over', () => {
  test(`${2 * DENIALS} requests leave ${ONE_BY_ONE} rows a minute, and are all answered alike`, {
    timeout: 600_000,
  }, async () => {
    const answers = new Set<string | null>();
    const began = Date.now();
    for (let times = 0; times < DENIALS; times++) answers.add(await deny());
    // A quarter of a minute, as a rule; one more minute for each that a slow machine needs.
    const minutes = 1 + Math.floor((Date.now() - began) / MINUTE);
    expect([...answers]).toEqual(['access_denied']);
    const { single, counts } = await denied();
    expect(single).toBeGreaterThanOrEqual(ONE_BY_ONE);
    expect(single).toBeLessThanOrEqual(ONE_BY_ONE * minutes);
    expect(counts).toHaveLength(minutes - 1);
  });

  test('leave a line of the log each, which says whether it was counted', async () => {
    const lines = here.lines.filter((line) => line.includes('"audit_consent"'));
    expect(lines).toHaveLength(DENIALS);
    const counted = lines.filter((line) => line.includes('"audit_consent":"counted"'));
    expect(counted).toHaveLength(DENIALS - (await denied()).single);
  });

  test('are all in the numbers when the minute is over and the next row comes', { timeout: 120_000 }, async () => {
    // The functions have clocks of their own, which nobody can move: test/contract has the same with one that can.
    await pause(MINUTE);
    await here.login(clientId, 'ada');
    const { single, counts } = await denied();
    expect(single + sum(counts)).toBe(DENIALS);
    const asked = ['--client', clientId, '--outcome', 'denied'];
    const found = await gatehouseJson<{ phase: string; rows?: number }>(
      here.cloud.directory,
      'audit',
      'query',
      ...asked,
    );
    expect(found.at(-1)).toMatchObject({ phase: 'count', rows: counts.at(-1), clientId });
  });

  test('are sealed and proved as every other row is', async () => {
    const directory = `${here.cloud.directory}/export`;
    const exported = await gatehouse(here.cloud.directory, 'audit', 'export', '--out', directory);
    expect(exported).toMatchObject({ code: 0 });
    const { stdout } = await gatehouse(here.cloud.directory, 'audit', 'verify', '--export', directory, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'incomplete', findings: [{ reason: 'key' }] });
  });
});

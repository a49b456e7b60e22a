import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createAuditMac } from '../../functions/adapters/audit-mac.ts';
import { OPEN_AFTER, openIntents } from '../../functions/core/audit/open-intents.ts';
import type { Caller, Row, SqlFailure } from '../../functions/core/ports.ts';
import { ok, type Result, refuse } from '../../functions/core/result.ts';
import { callTool } from '../../functions/core/tools/call.ts';
import { defineTool } from '../../functions/core/tools/define.ts';
import { createRegistry } from '../../functions/core/tools/registry.ts';
import { performWrite, type Transact } from '../../functions/core/tools/write.ts';
import { type AuditStand, startAuditStand, steppingClock } from '../support/audit-log.ts';
import { createSteps, MODES, type StepFault, type Steps } from '../support/step-faults.ts';

/**
 * Fail closed, at every await. One run without faults counts what is waited for: requests to KMS and DynamoDB, and what is
 * asked of the database. Then each of them fails in each way, once or from then on, and what holds is looked up in the log.
 */
const SECRET = 'rows of somebody';
const SCOPES = ['orders:read', 'orders:write'];
const POLICY = { roles: { editor: SCOPES } };
const caller: Caller = {
  subject: 'ada',
  clientId: 'client-a',
  scopes: new Set(SCOPES),
  roles: ['editor'],
  tenant: 'north',
  tokenId: 'jti',
};
const shape = {
  title: 'Probe',
  description: 'Asks once.',
  input: z.strictObject({}),
  output: z.object({ text: z.string() }),
};
const registry = createRegistry(
  [
    defineTool({
      ...shape,
      name: 'look',
      access: 'read',
      scopes: ['orders:read'],
      run: async (_input, { sql }) => ({ text: String((await sql`SELECT 1`).length && SECRET) }),
    }),
    defineTool({
      ...shape,
      name: 'change',
      access: 'write',
      scopes: ['orders:write'],
      run: async (_input, { sql }) => ({ text: String((await sql`UPDATE t SET a = 1`).length && SECRET) }),
    }),
  ],
  SCOPES,
);
const log = { add: () => {}, note: () => {}, operation: () => {}, warn: () => {}, error: () => {} };

let stand: AuditStand;
const clients: { destroy: () => void }[] = [];
/** Each test has a day of its own, so that what it looks at is its own. */
let day = '';
let requests = 0;
const requestId = 'request';
const now = () => `${day}T10:00:00.000Z`;
beforeAll(async () => {
  stand = await startAuditStand();
});
beforeEach(() => {
  day = new Date(Date.UTC(2025, 0, ++requests)).toISOString().slice(0, 10);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(() => stand.close());

/** One environment whose every await is a step, and what the database has committed in it. */
function anEnvironment(steps: Steps, deadlineMs = 5_000) {
  const dynamodb = new DynamoDBClient({ ...stand.running.as('ReaderFunction'), maxAttempts: 1 });
  const kms = new KMSClient({ ...stand.running.as('WriterFunction'), maxAttempts: 1 });
  clients.push(dynamodb, kms);
  steps.between(dynamodb, 'dynamodb', stand.faults);
  steps.between(kms, 'kms', stand.faults);
  const mac = createAuditMac({ client: kms, keyId: stand.running.arn('MacKey') });
  const clock = steppingClock(now());
  const audit = stand.environment({ client: dynamodb, mac, deadlineMs, clock }).append;
  const committed: string[] = [];
  const failure = { reason: 'unavailable', retry: true, detail: 'down', sqlState: undefined } as const;
  const down: Result<Row[], SqlFailure> = refuse(failure);
  const asked = (name: string, rows: Row[]): Promise<Result<Row[], SqlFailure>> =>
    steps.at(name, async (): Promise<Result<Row[], SqlFailure>> => ok(rows), down);
  const transact: Transact = async (_caller, work) => {
    try {
      await steps.at('begin', async () => undefined);
      const value = await work(({ text }) => {
        if (text.includes('claim_request')) return asked('claim', [{ state: 'new', answer: null }]);
        return asked(text.includes('keep_answer') ? 'keep' : 'change', [{ kept: true }]);
      });
      let sent = false;
      try {
        await steps.at('commit', async () => {
          sent = true;
          committed.push('change');
        });
      } catch (error) {
        return sent ? { end: 'unknown', error } : { end: 'rolled-back', error };
      }
      return { end: 'committed', value };
    } catch (error) {
      return { end: 'rolled-back', error };
    }
  };
  const callKey = () => steps.at('call key', async () => randomBytes(32));
  const write = async () => ({ status: 'failed', code: 'tool_failed' }) as const;
  const signal = AbortSignal.timeout(10_000);
  const ports = { registry, policy: POLICY, audit, nonce: () => 'ab'.repeat(16), write };
  return {
    committed,
    read: async () => {
      const request = { name: 'look', arguments: {}, caller, requestId, log, signal, token: 'token' };
      return JSON.stringify(await callTool({ ...ports, read: () => asked('read', [{ a: 1 }]) }, request));
    },
    change: async () => {
      const verify = () => ok({ caller, expires: 0 });
      const request = { token: 'token', tool: 'change', arguments: {}, requestId };
      return JSON.stringify(
        await performWrite({ ...ports, verify, transact, callKey, clock }, request, { signal, log }),
      );
    },
  };
}

/** What the table has, however the environment ended, and that the chains are whole. */
async function recorded() {
  const streams = await stand.day(day);
  for (const { verdict } of streams) expect(verdict.ok).toBe(true);
  return streams.flatMap(({ records }) => records);
}

/** Long enough for a failure that passes, and short for one that does not. */
const patience = ({ mode, lasting }: Pick<StepFault, 'mode' | 'lasting'>) =>
  lasting || mode === 'silent' ? 250 : 5_000;

const READ = ['kms:GenerateMac', 'dynamodb:ExecuteStatement', 'dynamodb:ExecuteStatement', 'read'];
const WRITE = [
  'kms:GenerateMac',
  'dynamodb:ExecuteStatement',
  'dynamodb:ExecuteStatement',
  'begin',
  'call key',
  'claim',
  'change',
  'keep',
  'commit',
  'dynamodb:ExecuteStatement',
];

test('these are the awaits: one more, and it belongs in here', async () => {
  const ofRead = createSteps();
  expect(await anEnvironment(ofRead).read()).toContain(SECRET);
  expect([...ofRead.taken].sort()).toEqual([...READ].sort());
  const ofWrite = createSteps();
  expect(await anEnvironment(ofWrite).change()).toContain(SECRET);
  expect(ofWrite.taken.slice(3)).toEqual(WRITE.slice(3));
  expect(ofWrite.taken.slice(0, 3).sort()).toEqual(WRITE.slice(0, 3).sort());
});

test('from then on a read costs one row and a write two, and nothing else of the log', async () => {
  const steps = createSteps();
  const { read, change } = anEnvironment(steps);
  await read();
  const first = steps.taken.length;
  await read();
  expect(steps.taken.slice(first).sort()).toEqual(['dynamodb:ExecuteStatement', 'read']);
  const second = steps.taken.length;
  await change();
  expect(steps.taken.slice(second)).toEqual(WRITE.slice(2));
});

const faults = (names: readonly string[]) =>
  names.flatMap((name, k) =>
    MODES.flatMap((mode) => [
      { k, name, mode, lasting: false },
      ...(mode === 'crash' ? [] : [{ k, name, mode, lasting: true }]),
    ]),
  );

describe('a read', () => {
  test.each(faults(READ))('await $k: $mode, lasting: $lasting', async ({ k, mode, lasting }) => {
    const steps = createSteps({ k, mode, lasting });
    const answer = await Promise.race([anEnvironment(steps, patience({ mode, lasting })).read(), steps.crashed]);
    const rows = await recorded();
    if (patience({ mode, lasting }) > 1_000) expect(steps.taken.length).toBeGreaterThan(k);
    expect(rows.length).toBeLessThanOrEqual(1);
    if (answer?.includes(SECRET)) expect(rows).toMatchObject([{ q: requestId, x: 'allowed' }]);
    if (rows.length === 0) expect(answer ?? 'audit_unavailable').toContain('audit_unavailable');
    // What passes is survived: a row that is refused for now, or whose answer is lost, is sent again and is one row.
    const passes = !lasting && (mode === 'throttled' || mode === 'answer lost');
    if (passes && steps.taken[k] === 'dynamodb:ExecuteStatement') expect(answer).toContain(SECRET);
  });
});

describe('a write', () => {
  test.each(faults(WRITE))('await $k: $name $mode, lasting: $lasting', async ({ k, mode, lasting }) => {
    const steps = createSteps({ k, mode, lasting });
    const environment = anEnvironment(steps, patience({ mode, lasting }));
    const answer = await Promise.race([environment.change(), steps.crashed]);
    const rows = await recorded();
    const phases = rows.map(({ f }) => f);
    const open = openIntents(rows, Date.parse(now()) + OPEN_AFTER);
    if (patience({ mode, lasting }) > 1_000) expect(steps.taken.length).toBeGreaterThan(k);
    expect(environment.committed.length).toBeLessThanOrEqual(1);
    // No effect without its intent, and none under way either: the database is not even asked.
    const touched = steps.taken.some((name) => WRITE.slice(3, 9).includes(name));
    if (touched) expect(phases[0]).toBe('intent');
    else expect(environment.committed).toEqual([]);
    expect(phases.length).toBe(new Set(phases).size);
    // What is said to be done is done, and both rows are there.
    if (answer?.includes(SECRET)) {
      expect([environment.committed, phases]).toEqual([['change'], ['intent', 'outcome']]);
    }
    // What began and has no outcome is an open intent, and nobody was told that it went well or that it did not.
    const unfinished = phases.includes('intent') && !phases.includes('outcome');
    expect(open.length).toBe(unfinished ? 1 : 0);
    if (unfinished && answer !== undefined) expect(answer).toMatch(/outcome_unknown|audit_unavailable/);
    if (unfinished && environment.committed.length > 0)
      expect(answer ?? 'outcome_unknown').toContain('outcome_unknown');
    // An outcome says what is true of the database.
    const outcome = rows.find(({ f }) => f === 'outcome')?.x;
    if (outcome === 'allowed') expect(environment.committed).toEqual(['change']);
    if (outcome === 'failed' || outcome === 'denied') expect(environment.committed).toEqual([]);
  });
});

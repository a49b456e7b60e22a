import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

/** What somebody reads who set these, one message a line. */
function complaints(alarms: unknown): string[] {
  try {
    settingsFrom({ ...context, 'gatehouse.alarms': alarms });
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

const AN_ADDRESS = 'which is no e-mail address. Write one like operations@example.com.';
const A_BUDGET = 'which is no budget. Use US dollars a month, from 1 to 1000000, without a sign.';
const A_NUMBER = 'which is not a number of refusals in five minutes. Use a whole number from 1 to 1000000.';

test('without settings there is no address and no budget, and a number of refusals that wakes somebody', () => {
  expect(settingsFrom(context).alarms).toEqual({ enabled: true, deniedCalls: 100, refusedTokens: 1000 });
});

test('what is set is kept, from the command line too', () => {
  const alarms = { enabled: true, email: 'ops@example.com', monthlyBudgetUsd: 49.5, deniedCalls: 7, refusedTokens: 70 };
  expect(settingsFrom({ ...context, 'gatehouse.alarms': alarms }).alarms).toEqual(alarms);
  const typed = { 'gatehouse.alarms.email': 'ops@example.com', 'gatehouse.alarms.monthlyBudgetUsd': '50' };
  expect(settingsFrom({ ...context, ...typed }).alarms).toEqual({
    enabled: true,
    email: 'ops@example.com',
    monthlyBudgetUsd: 50,
    deniedCalls: 100,
    refusedTokens: 1000,
  });
});

describe('a wrong setting names itself, its value and what to do', () => {
  test.each<[alarms: object, complaint: string]>([
    [{ email: 'ops' }, `.email is "ops", ${AN_ADDRESS}`],
    [{ email: 'ops@example' }, `.email is "ops@example", ${AN_ADDRESS}`],
    [{ email: 'a@example.com, b@example.com' }, `.email is "a@example.com, b@example.com", ${AN_ADDRESS}`],
    [{ email: ['ops@example.com'] }, `.email is ["ops@example.com"], ${AN_ADDRESS}`],
    [{ email: '' }, `.email is "", ${AN_ADDRESS}`],
    [{ monthlyBudgetUsd: 0 }, `.monthlyBudgetUsd is 0, ${A_BUDGET}`],
    [{ monthlyBudgetUsd: '$50' }, `.monthlyBudgetUsd is "$50", ${A_BUDGET}`],
    [{ monthlyBudgetUsd: 1e9 }, `.monthlyBudgetUsd is 1000000000, ${A_BUDGET}`],
    [{ deniedCalls: 0 }, `.deniedCalls is 0, ${A_NUMBER}`],
    [{ refusedTokens: 1.5 }, `.refusedTokens is 1.5, ${A_NUMBER}`],
    [
      { mail: 'ops@example.com' },
      '.mail is no setting. Settings here: enabled, email, monthlyBudgetUsd, deniedCalls, refusedTokens.',
    ],
  ])('%j', (alarms, complaint) => {
    expect(complaints(alarms)).toEqual([`cdk.json: gatehouse.alarms${complaint}`]);
  });

  test('and what is no group of settings says which there are', () => {
    expect(complaints('ops@example.com')).toEqual([
      'cdk.json: gatehouse.alarms is "ops@example.com", which is no group of settings. ' +
        'Write an object with: enabled, email, monthlyBudgetUsd, deniedCalls, refusedTokens.',
    ]);
  });

  test('a long address is cut in the message and refused', () => {
    const [complaint] = complaints({ email: `${'a'.repeat(60)}@${'b.'.repeat(120)}example.com` });
    expect(complaint).toContain(AN_ADDRESS);
  });
});

test('whoever wants to be told has alarms', () => {
  expect(complaints({ enabled: false })).toEqual([]);
  expect(complaints({ enabled: false, email: 'ops@example.com', monthlyBudgetUsd: 50 })).toEqual(
    ['email', 'monthlyBudgetUsd'].map(
      (name) =>
        `cdk.json: gatehouse.alarms.${name} is set, and with alarms.enabled false there is nothing to tell it. Remove one of the two.`,
    ),
  );
});

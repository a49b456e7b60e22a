import * as z from 'zod';
import { group, truth, whole } from './settings-rules.ts';
import { wrong } from './settings-sentences.ts';

/** The setting `alarms`: who is told, and from when on. */

const noAddress = wrong('which is no e-mail address', 'Write one like operations@example.com');
const noBudget = wrong('which is no budget', 'Use US dollars a month, from 1 to 1000000, without a sign');

function refusals(most: number) {
  return whole(1, 1_000_000, 'a number of refusals in five minutes').default(most);
}

export const alarms = group({
  // Off: no alarm and no topic, for a stage that nobody is on call for.
  enabled: truth.default(true),
  // SNS takes an endpoint of any length; RFC 5321 section 4.5.3.1.3 leaves 254 characters for an address.
  email: z.email(noAddress).max(254, noAddress).optional(),
  monthlyBudgetUsd: z.number(noBudget).min(1, noBudget).max(1_000_000, noBudget).optional(),
  deniedCalls: refusals(100),
  // A client comes without a good token when it connects, and many do whenever one has ended, every ten minutes: thousands
  // of people come near any number that would tell an attack on a small office.
  refusedTokens: refusals(1_000),
}).prefault({});

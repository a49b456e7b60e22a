import { type Loss, lossesBetween } from './losses.ts';
import type { ReplacementRules } from './replacement-rules.ts';
import type { Stacks } from './templates.ts';
import { type Widening, wideningsBetween } from './widened.ts';

/** What a person may accept by name. */
export const ACCEPTABLE = ['replacement', 'wider-iam'] as const;
export type Acceptable = (typeof ACCEPTABLE)[number];

/** What was compared, and what came of it. */
export type Findings = {
  readonly from: Stacks;
  readonly to: Stacks;
  readonly losses: readonly Loss[];
  readonly widenings: readonly Widening[];
  readonly accepted: ReadonlySet<Acceptable>;
};

/** Compares what is deployed with what would be. */
export function findingsBetween(
  from: Stacks,
  to: Stacks,
  rules: ReplacementRules,
  accepted: ReadonlySet<Acceptable>,
): Findings {
  return { from, to, losses: lossesBetween(from, to, rules), widenings: wideningsBetween(from, to), accepted };
}

/** What was found and nobody has accepted. */
export function unaccepted({ losses, widenings, accepted }: Findings): readonly Acceptable[] {
  const found = { replacement: losses.length > 0, 'wider-iam': widenings.length > 0 };
  return ACCEPTABLE.filter((name) => found[name] && !accepted.has(name));
}

/** Whether the deployment has to stop. */
export function isStopped(findings: Findings): boolean {
  return unaccepted(findings).length > 0;
}

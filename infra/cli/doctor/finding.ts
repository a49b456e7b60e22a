import { printable } from '../text-table.ts';

/** What one check found. `says` is one line: what is so, and for anything but `ok` what to do about it. */
export type Outcome = { readonly status: 'ok' | 'warn' | 'fail' | 'not checked'; readonly says: string };

/** A check by its name, as it is printed. */
export type Check = { readonly name: string; readonly look: () => Promise<Outcome> };

/** A check that was made. */
export type Finding = Outcome & { readonly name: string };

export const ok = (says: string): Outcome => ({ status: 'ok', says });
export const warn = (says: string): Outcome => ({ status: 'warn', says });
export const fail = (says: string): Outcome => ({ status: 'fail', says });
export const notChecked = (says: string): Outcome => ({ status: 'not checked', says });

/** Runs checks one after another, in the order they are read in, and hands each to `tell` as soon as it is known. */
export async function run(checks: readonly Check[], tell: (finding: Finding) => void): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, look } of checks) {
    const finding = { name, ...(await look()) };
    tell(finding);
    findings.push(finding);
  }
  return findings;
}

const NAME_WIDTH = 24;
const STATUS_WIDTH = 'not checked'.length;

/** A finding as one line. What a server sent may be part of it: no character of that may move the cursor or hide. */
export function lineOf({ name, status, says }: Finding): string {
  return `  ${status.padEnd(STATUS_WIDTH)}  ${name.padEnd(NAME_WIDTH)}  ${printable(says)}\n`;
}

/** 1 when something failed, 0 otherwise: what was not checked is said, and is no failure. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ status }) => status === 'fail') ? 1 : 0;
}

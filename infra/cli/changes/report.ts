import { stripVTControlCharacters } from 'node:util';
import { type Acceptable, type Findings, isStopped, unaccepted } from './findings.ts';
import { canonical } from './readable.ts';
import { NOTHING } from './templates.ts';
import { lossInWords, wideningInWords } from './words.ts';

/** The findings as lines for a terminal. */
export function asText(findings: Findings): string {
  return `${[...countLines(findings), '', ...verdictLines(findings)].join('\n')}\n`;
}

/** In bytes. A comment of GitHub's may have 65,536 characters. */
const ROOM = 60_000;

/**
 * The findings as a comment on a pull request, with the output of `cdk diff` below them. What comes from templates stands
 * inside fences that it cannot close, so that it is neither a link nor a mention.
 */
export function asMarkdown(findings: Findings, cdkDiff: string | undefined): string {
  const verdict = isStopped(findings) ? 'This change would stop the deployment' : 'This change can be deployed';
  const parts = [`### ${verdict}`, fenced(cut(asText(findings), ROOM / 2))];
  const labels = unaccepted(findings).map((name) => `\`accept-${name}\``);
  if (labels.length > 0) {
    parts.push(`Wanted all the same? Label the pull request ${labels.join(' and ')}: whoever does so answers for it.`);
  }
  if (cdkDiff !== undefined) {
    const left = ROOM - Buffer.byteLength(parts.join('\n\n'));
    const diff = cut(plain(stripVTControlCharacters(cdkDiff)), left);
    parts.push(`<details><summary>cdk diff</summary>\n\n${fenced(diff)}\n\n</details>`);
  }
  return `${parts.join('\n\n')}\n`;
}

function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  // Half a character at the end becomes U+FFFD, and goes with its line.
  const lines = whole.subarray(0, bytes).toString().split('\n').slice(0, -1);
  return `${lines.join('\n')}\n… and more: see the log of the job\n`;
}

/** The frames of the CDK's tables in characters of one byte instead of three. */
function plain(text: string): string {
  return text.replace(/[\u2500-\u257f]/g, (line) => {
    if (line === '─') return '-';
    return line === '│' ? '|' : '+';
  });
}

/** A fence that is longer than any inside it: https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
function fenced(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

function countLines({ from, to }: Findings): string[] {
  const compared = [...to].map(([stack, after]) => {
    if (!from.has(stack)) return `${stack}: not deployed yet, ${Object.keys(after.Resources).length} new`;
    const before = from.get(stack) ?? NOTHING;
    const changed = Object.entries(after.Resources).filter(
      ([id, now]) => Object.hasOwn(before.Resources, id) && canonical(before.Resources[id]) !== canonical(now),
    );
    const added = Object.keys(after.Resources).filter((id) => !Object.hasOwn(before.Resources, id));
    const removed = Object.keys(before.Resources).filter((id) => !Object.hasOwn(after.Resources, id));
    return `${stack}: ${changed.length} changed, ${added.length} new, ${removed.length} removed`;
  });
  const untouched = [...from.keys()].filter((stack) => !to.has(stack));
  return [...compared, ...untouched.map((stack) => `${stack}: not part of this deployment, stays as it is`)];
}

function verdictLines(findings: Findings): string[] {
  const { losses, widenings, accepted } = findings;
  if (losses.length + widenings.length === 0) {
    return ['Nothing that holds state is replaced or removed, and nobody may do more than before.'];
  }
  const head = (name: Acceptable) => (accepted.has(name) ? 'Accepted' : 'Deploy stopped');
  const lines = losses.map((loss) => {
    const would = loss.how === 'maybe replaced' ? 'could' : 'would';
    return `${head('replacement')}: this change ${would} ${lossInWords(loss)}. See infra/README.md#replacing-data.`;
  });
  if (widenings.length > 0) {
    const told = [...new Set(widenings.map(wideningInWords))];
    lines.push(`${head('wider-iam')}: this change would widen what is allowed, ${told.length} in all:`);
    lines.push(...told.map((line) => `  ${line}`));
  }
  const flags = unaccepted(findings).map((name) => `--accept ${name}`);
  return flags.length === 0 ? lines : [...lines, `To accept it: ${flags.join(' ')}`];
}

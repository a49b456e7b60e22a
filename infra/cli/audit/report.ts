import type { Finding } from '../../../functions/core/audit/finding.ts';
import type { Proof } from '../../../functions/core/audit/prove.ts';
import { printable } from '../text-table.ts';

/** Findings that are shown one by one. */
const mostShown = 20;

/** Open writes that are named. */
const mostNamed = 5;

const WHEN_UNSEALED =
  '  To seal what is there: npx gatehouse audit export --out DIRECTORY. A day can be whole from 00:15 UTC of the next on\n';

/** A proof's report, for a person. */
export function reportText(proof: Proof): string {
  const { origin, period, streams, records, checkpoints, keys, keyChecked, unsealed, findings } = proof;
  const { count, first, last } = checkpoints;
  const range = count === 0 ? '' : first === last ? `, number ${first}` : `, numbers ${first} to ${last}`;
  const trust = keyChecked ? '' : ' (came with the log: not checked)';
  const rows: readonly (readonly [string, string])[] = [
    ['Log', origin ?? 'unknown'],
    ['Period', `${period.from} to ${period.to}, ${throughText(period.sealedThrough)}`],
    [
      'Looked at',
      `${counted(streams, 'stream')}, ${counted(records, 'record')}, ${counted(count, 'checkpoint')}${range}`,
    ],
    ['Signed by', `${keys.join(', ') || 'nobody'}${keys.length > 0 ? trust : ''}`],
    [
      'Not sealed',
      unsealed.records === 0 ? 'nothing' : `${counted(unsealed.records, 'record')}, the oldest of ${unsealed.oldest}`,
    ],
    ['Writes', writes(proof)],
    ['Verdict', proof.verdict],
  ];
  const shown = findings.slice(0, mostShown).map((finding) => `  ${findingText(finding)}\n`);
  const more = findings.length > mostShown ? `  and ${findings.length - mostShown} more: --json has them all\n` : '';
  // Sealing mends nothing that was tampered with.
  const unsealedOnly = proof.verdict === 'incomplete' && findings.some(({ reason }) => reason === 'unsealed');
  const advice = unsealedOnly ? WHEN_UNSEALED : '';
  return `${rows.map(([title, value]) => `${title.padEnd(12)}${printable(value)}\n`).join('')}${shown.join('')}${more}${advice}`;
}

function findingText({ verdict, reason, detail, stream, record, checkpoint }: Finding): string {
  const where =
    stream !== undefined
      ? ` stream ${stream}, record ${record}`
      : checkpoint !== undefined
        ? ` checkpoint ${checkpoint}`
        : '';
  return printable(`${verdict} (${reason})${where}: ${detail}`);
}

function writes({ openWrites }: Proof): string {
  if (openWrites.length === 0) return 'none is without an outcome';
  const named = openWrites
    .slice(0, mostNamed)
    .map(({ requestId, tool, at }) => `${tool} of ${at} (request ${requestId})`);
  const more = openWrites.length > mostNamed ? [`and ${openWrites.length - mostNamed} more`] : [];
  return `${openWrites.length} without an outcome: ${[...named, ...more].join(', ')}`;
}

/** How far a log is sealed: RFC 3339, or null. */
export function throughText(moment: string | null): string {
  return moment === null ? 'never sealed' : `sealed through ${moment}`;
}

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

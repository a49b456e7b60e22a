import type { TrustedKeys } from './checkpoint.ts';
import type { ReadCheckpoint } from './checkpoint-item.ts';
import type { Finding } from './finding.ts';
import type { OpenIntent } from './open-intents.ts';
import { stragglersMs } from './sealed-heads.ts';
import { verifyCheckpoints } from './verify-checkpoints.ts';
import { type Entry, walkRecords } from './verify-records.ts';

/** What a proof is made from, and what it must show. */
export type ProofInput = {
  /** In the order of their numbers. */
  readonly checkpoints: readonly ReadCheckpoint[];
  /** The rows of the period's days, stream by stream. */
  readonly entries: (streams: readonly (readonly [date: string, stream: string])[]) => AsyncIterable<Entry>;
  readonly keys: TrustedKeys;
  /** False when the keys came with what they are to prove: then they prove nothing by themselves. */
  readonly keysGiven: boolean;
  readonly origin: string | undefined;
  /** First and last day, UTC. */
  readonly from: string;
  readonly to: string;
  /** The log must be sealed at least up to this moment. */
  readonly required: string;
  /** Whether rows may come after the last checkpoint: on a running stack they do, an export has none. */
  readonly tail: 'allowed' | 'none';
  /** What was found before, in files that should be what their manifest says. */
  readonly findings?: readonly Finding[];
};

/** The report of a proof: what was looked at, and what came of it. */
export type Proof = {
  readonly verdict: 'whole' | 'tampered' | 'incomplete';
  readonly origin: string | undefined;
  readonly period: { readonly from: string; readonly to: string; readonly sealedThrough: string | null };
  readonly streams: number;
  readonly records: number;
  readonly checkpoints: { readonly count: number; readonly first: number | null; readonly last: number | null };
  readonly keys: readonly string[];
  readonly keyChecked: boolean;
  /** Rows that came after the last checkpoint: they are chained, but what is cut off their end is not found. */
  readonly unsealed: { readonly records: number; readonly oldest: string | null };
  /** Writes that had no outcome a quarter of an hour later, as of the last checkpoint. No tampering: somebody has to look. */
  readonly openWrites: readonly OpenIntent[];
  /** The first that says "tampered" comes first. */
  readonly findings: readonly Finding[];
};

/** When every row of a day is certainly sealed: RFC 3339, a quarter of an hour into the next day. */
export function closingOf(date: string): string {
  return new Date(Date.parse(date) + 24 * 60 * 60_000 + stragglersMs).toISOString();
}

/**
 * Proves a period of the log: checkpoints first, then every row of its days against the heads they sealed. Pure: the rows
 * come from a table or from a file.
 */
export async function prove(input: ProofInput): Promise<Proof> {
  const { from, to, required, tail } = input;
  const sealed = verifyCheckpoints(input.checkpoints, input);
  const inPeriod = [...sealed.streams].filter(([, { date }]) => date >= from && date <= to);
  const entries = input.entries(inPeriod.map(([stream, { date }]) => [date, stream]));
  const walked = await walkRecords(ofPeriod(entries, sealed.streams, input), new Map(inPeriod));
  const { unsealed } = walked;
  const findings: Finding[] = [...sealed.findings, ...walked.findings, ...(input.findings ?? [])];
  const incomplete = (reason: string, detail: string) => findings.push({ verdict: 'incomplete', reason, detail });
  const { through } = sealed;
  if (sealed.last !== undefined && (through === undefined || through < required)) {
    const sofar = through === undefined ? 'the log is not sealed' : `the log is sealed through ${through} and not`;
    incomplete('unsealed', `${sofar} through ${required}`);
  }
  if (unsealed.records > 0 && (tail === 'none' || unsealed.oldest === undefined || isLate(unsealed.oldest, through))) {
    const what = unsealed.records === 1 ? '1 record is' : `${unsealed.records} records are`;
    incomplete('unsealed', `${what} under no checkpoint, the oldest of ${unsealed.oldest}`);
  }
  if (!input.keysGiven) {
    incomplete('key', 'the public key came with the log it is to prove: give the one you know, with --pubkey');
  }
  return {
    verdict: findings.some(({ verdict }) => verdict === 'tampered') ? 'tampered' : (findings[0]?.verdict ?? 'whole'),
    origin: sealed.last?.origin,
    period: { from, to, sealedThrough: through ?? null },
    streams: walked.streams,
    records: walked.records,
    checkpoints: { count: sealed.count, first: sealed.first?.n ?? null, last: sealed.last?.n ?? null },
    keys: [...sealed.keys],
    keyChecked: input.keysGiven,
    unsealed: { records: unsealed.records, oldest: unsealed.oldest ?? null },
    openWrites: sealed.last ? walked.intents.open(Date.parse(sealed.last.ts)) : [],
    findings: [
      ...findings.filter(({ verdict }) => verdict === 'tampered'),
      ...findings.filter(({ verdict }) => verdict !== 'tampered'),
    ],
  };
}

/** Without the rows of streams that are known to be of another day: a file may hold more than is asked about. */
async function* ofPeriod(
  entries: AsyncIterable<Entry>,
  streams: ReadonlyMap<string, { readonly date: string }>,
  { from, to }: Pick<ProofInput, 'from' | 'to'>,
): AsyncIterable<Entry> {
  for await (const entry of entries) {
    const date = streams.get(entry.stream ?? '')?.date ?? from;
    if (date >= from && date <= to) yield entry;
  }
}

/** Clocks of environments and of the seal may differ by this much, in milliseconds. */
const skewMs = 60_000;

/** A row that should have been there when everything was read, and was not: it came later than it says. */
function isLate(oldest: string, through: string | undefined): boolean {
  return through !== undefined && Date.parse(oldest) < Date.parse(through) - skewMs;
}

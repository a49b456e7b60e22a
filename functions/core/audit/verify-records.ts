import type { Finding } from './finding.ts';
import { type IntentWatch, watchIntents } from './open-intents.ts';
import type { SealedHead, SealedStream } from './verify-checkpoints.ts';
import { advance, type ReadRecord, startOf, type Verified } from './verify-stream.ts';

/** A row, and the stream among whose rows it was found; undefined when it does not say. */
export type Entry = { readonly stream: string | undefined; readonly read: ReadRecord };

/** What a walk over records found. */
export type WalkedRecords = {
  readonly findings: readonly Finding[];
  readonly streams: number;
  readonly records: number;
  /** Records beyond the last sealed head of their stream. */
  readonly unsealed: { readonly records: number; readonly oldest: string | undefined };
  /** Every record that is what it was, so that writes without an outcome can be told. */
  readonly intents: IntentWatch;
};

type Open = {
  readonly stream: string;
  readonly sealed: SealedStream | undefined;
  verified: Verified | undefined;
  /** Which of the sealed heads comes next. */
  next: number;
  /** Up to here, the records are those that were sealed. */
  proved: number;
  broken: boolean;
};

/**
 * Walks records stream by stream: each stream's rows one after the other, in the order of their numbers. Every link is
 * verified from the stream's beginning, and wherever a checkpoint sealed a head, the record must be that head. At the end
 * no sealed record may be missing.
 *
 * @param sealed what checkpoints say of the streams that must be here
 */
export async function walkRecords(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  sealed: ReadonlyMap<string, SealedStream>,
): Promise<WalkedRecords> {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const intents = watchIntents();
  const unsealed: { records: number; oldest: string | undefined } = { records: 0, oldest: undefined };
  let records = 0;
  let open: Open | undefined;

  for await (const { stream: said, read } of entries) {
    const stream: string = said ?? open?.stream ?? '';
    if (open?.stream !== stream) {
      findings.push(...endOf(open));
      open = { stream, sealed: sealed.get(stream), verified: undefined, next: 0, proved: 0, broken: seen.has(stream) };
      if (open.broken)
        findings.push(tampered('order', stream, placeOf(read), 'the stream goes on after another stream'));
      seen.add(stream);
    }
    records++;
    if (open.broken) continue;
    const wrong = step(open, read);
    if (wrong) {
      open.broken = true;
      findings.push(wrong);
    } else if (read.ok) {
      intents.see(read.value);
      if (read.value.n <= (open.sealed?.heads.at(-1)?.seq ?? 0)) continue;
      unsealed.records++;
      if (unsealed.oldest === undefined || read.value.t < unsealed.oldest) unsealed.oldest = read.value.t;
    }
  }
  findings.push(...endOf(open));
  for (const [stream, { heads }] of sealed) {
    if (!seen.has(stream))
      findings.push(tampered('vanished', stream, 1, `the stream is gone, ${sealedBy(heads.at(-1))}`));
  }
  return { findings, streams: seen.size, records, unsealed, intents };
}

/** One record further. What is wrong, if something is. */
function step(open: Open, read: ReadRecord): Finding | undefined {
  const { stream, sealed } = open;
  const date = sealed?.date ?? (read.ok ? read.value.t.slice(0, 10) : '');
  const next = advance(open.verified ?? startOf(stream, date), read);
  if (!next.ok) return tampered(next.error.reason, stream, next.error.seq, next.error.detail);
  const { seq, hash } = next.value;
  open.verified = next.value;
  const head = sealed?.heads[open.next];
  if (head === undefined || head.seq !== seq) return undefined;
  open.next++;
  if (head.hash === hash) {
    open.proved = seq;
    return undefined;
  }
  const since = open.proved + 1;
  const which = since === seq ? `record ${seq} is` : `records ${since} to ${seq} are`;
  return tampered('replaced', stream, since, `${which} not what checkpoint ${head.checkpoint} sealed`);
}

/** What is missing at the end of a stream. */
function endOf(open: Open | undefined): Finding[] {
  const last = open?.sealed?.heads.at(-1);
  const reached = open?.verified?.seq ?? 0;
  if (open === undefined || last === undefined || open.broken || reached >= last.seq) return [];
  const from = reached + 1;
  const which = from === last.seq ? `record ${from} is` : `records ${from} to ${last.seq} are`;
  return [tampered('cut', open.stream, from, `${which} missing, ${sealedBy(last)}`)];
}

function sealedBy(head: SealedHead | undefined): string {
  return head === undefined ? 'never sealed' : `sealed up to record ${head.seq} by checkpoint ${head.checkpoint}`;
}

function placeOf(read: ReadRecord): number {
  return (read.ok ? read.value.n : read.error.seq) ?? 0;
}

function tampered(reason: string, stream: string, record: number, detail: string): Finding {
  return { verdict: 'tampered', reason, detail, stream, record };
}

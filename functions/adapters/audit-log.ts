import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { canonicalJson } from '../core/audit/canonical.ts';
import { emptyHead, type Head, sealed } from '../core/audit/chain.ts';
import type { AuditEvent } from '../core/audit/event.ts';
import { itemOf } from '../core/audit/item.ts';
import { type AuditRecord, type HashedArguments, recordOf } from '../core/audit/record.ts';
import { createRefusalCounts } from '../core/audit/refusal-counts.ts';
import { directoryItem, newStreamId, timestamp, utcDate } from '../core/audit/stream.ts';
import type { Clock, Random } from '../core/ports.ts';
import { createInsert, type InsertFailure } from './audit-insert.ts';
import type { AuditMac } from './audit-mac.ts';

/** The second copy: one line in the function's log, from which the record's hash can be computed again. */
type WriteAuditLine = (line: { readonly audit: AuditRecord }) => void;

export type AuditLogOptions = {
  /** With `maxAttempts: 1`: see `createInsert`. */
  readonly client: DynamoDBClient;
  readonly table: string;
  /** @default - none: an environment that records events only, and refuses to record a call */
  readonly mac?: AuditMac;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: WriteAuditLine;
  /** How long an append may take, in milliseconds, before it is rejected. */
  readonly deadlineMs?: number;
};

export type AuditLog = {
  /**
   * Resolves with the record's hash once the row is durable, and only then.
   *
   * @throws Error when it is not durable in time, so that the caller withholds what the call produced
   */
  readonly append: (event: AuditEvent) => Promise<{ readonly hash: string }>;
  /**
   * The same, but that a countable refusal above the rate has no row and no hash: it is in the number that a later row
   * says (`core/audit/refusal-counts.ts`).
   *
   * @throws Error as `append` does
   */
  readonly appendOrCount: (event: AuditEvent) => Promise<{ readonly hash: string | undefined }>;
};

/** This environment's chain of the day: where it ends, and the time of its last record. */
type Chain = { readonly stream: string; readonly date: string; readonly head: Head; readonly millis: number };

/**
 * The audit log as one Lambda environment writes it: one hash chain a UTC day, one row after the other, however many
 * appends are asked for at once.
 *
 * A row whose fate stays unknown ends its stream, since the next link would have to guess; the next append opens a new
 * one. A key that somebody else has taken cannot happen by accident, so from then on the environment appends nothing.
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { client, table, mac, clock, random, log, deadlineMs = 4_000 } = options;
  const insert = createInsert(client, table, random);
  let chain: Chain | undefined;
  let poison: Error | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const counts = createRefusalCounts();

  async function write(event: AuditEvent, deadline: AbortSignal): Promise<{ hash: string }> {
    if (poison) throw poison;
    if (deadline.aborted) throw notDurable('its turn did not come in time');
    const millis = Math.max(clock.millis(), chain?.millis ?? 0);
    const date = utcDate(millis);
    const [args, open] = await both(hashed(event, date, deadline), current(date, millis, deadline));
    const position = { stream: open.stream, seq: open.head.seq + 1, previous: open.head.hash, at: timestamp(millis) };
    const record = sealed(recordOf(event, args, position));
    const inserted = await insert(itemOf(record), deadline);
    if (!inserted.ok) throw failed(inserted.error);
    chain = { ...open, head: { seq: record.n, hash: record.h }, millis };
    log({ audit: record });
    return { hash: record.h };
  }

  /** The chain to append to, opened when there is none for this day. The directory's row comes first. */
  async function current(date: string, millis: number, deadline: AbortSignal): Promise<Chain> {
    if (chain?.date === date) return chain;
    const stream = newStreamId(random);
    const inserted = await insert(directoryItem(date, stream, timestamp(millis)), deadline);
    if (!inserted.ok) throw failed(inserted.error);
    chain = { stream, date, head: emptyHead(stream, date), millis };
    return chain;
  }

  async function hashed(event: AuditEvent, date: string, deadline: AbortSignal): Promise<HashedArguments> {
    if (event.phase === 'event' || event.phase === 'count') return undefined;
    if (mac === undefined)
      throw notDurable('a call is recorded with a hash of its arguments, and there is no key here');
    const canonical = canonicalJson(event.arguments ?? {});
    if (!canonical.ok) {
      // A refusal is recorded without the hash. What is carried out must be provable, so it is not carried out.
      if (event.decision !== 'allowed') return undefined;
      throw notDurable(`the arguments cannot be hashed (${canonical.error.detail})`);
    }
    const keyed = await mac({ date, tool: event.tool, canonical: canonical.value }, deadline);
    return { mac: keyed, bytes: Buffer.byteLength(canonical.value) };
  }

  function failed({ reason, detail }: InsertFailure): Error {
    if (reason === 'unknown') chain = undefined;
    if (reason !== 'taken') return notDurable(detail);
    poison = new Error(
      `this environment appends nothing any more: a row of its audit stream was already there (${detail})`,
    );
    return poison;
  }

  /** A number whose minute is over goes first: one at a time, so that no request waits for many. */
  async function writeDue(deadline: AbortSignal): Promise<void> {
    const due = counts.due(clock.millis());
    if (due === undefined) return;
    await write(due.event, deadline);
    due.durable();
  }

  function inTurn<T>(work: (deadline: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const done = turn.then(async () => {
      await writeDue(deadline);
      return work(deadline);
    });
    turn = done.catch(() => undefined);
    return done;
  }

  return {
    append: (event) => inTurn((deadline) => write(event, deadline)),
    appendOrCount: (event) =>
      inTurn(async (deadline) => {
        const counted = event.countable === true && !counts.admits(event, clock.millis());
        return counted ? { hash: undefined } : write(event, deadline);
      }),
  };
}

function notDurable(detail: string): Error {
  return new Error(`the audit row is not durable: ${detail}`);
}

/** Both at once; when one fails, only after the other has ended too, so that nothing is still under way. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

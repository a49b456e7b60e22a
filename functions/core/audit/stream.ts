import type { Random } from '../ports.ts';

/**
 * A stream is one hash chain: the records of one Lambda environment on one UTC day. An environment serves one request
 * at a time, so each stream has a single writer and the table no hot key. The day's directory names every stream before
 * the stream's first record exists, so no stream can be there unlisted.
 */

/** Partitions of a day's directory, so that a burst of cold starts does not meet in one. */
export const directoryShards = 8;

type Key = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };

/** The id of a new stream: 128 random bits. Nobody else has it, which is what makes a duplicate recognisable. */
export function newStreamId(random: Random): string {
  return random(16).toString('base64url');
}

/**
 * The id of the stream of an operator's command. Its beginning is none that an environment's may have, so that IAM can
 * keep the command from writing into anybody else's.
 */
export function commandStreamId(random: Random): string {
  return `cli.${newStreamId(random)}`;
}

/** The key of a record: numbers are padded, so that the sort key's order is theirs. */
export function recordKey(stream: string, seq: number): Key {
  return { pk: { S: streamPartition(stream) }, sk: { S: sequenceKey(seq) } };
}

export function streamPartition(stream: string): string {
  return `S#${stream}`;
}

export function sequenceKey(seq: number): string {
  return String(seq).padStart(9, '0');
}

/** The row that announces a stream. `t` is when. */
export function directoryItem(date: string, stream: string, at: string): Key & { readonly t: { readonly S: string } } {
  return { pk: { S: directoryPartition(date, shardOf(stream)) }, sk: { S: stream }, t: { S: at } };
}

/** `D#<yyyy-mm-dd>#<shard>`. */
export function directoryPartition(date: string, shard: number): string {
  return `D#${date}#${shard}`;
}

function shardOf(stream: string): number {
  return (Buffer.from(stream, 'base64url')[0] ?? 0) % directoryShards;
}

/** The UTC day of a moment, `yyyy-mm-dd`. */
export function utcDate(millis: number): string {
  return timestamp(millis).slice(0, 10);
}

/** RFC 3339 in UTC with milliseconds: as text it sorts as time does. */
export function timestamp(millis: number): string {
  return new Date(millis).toISOString();
}

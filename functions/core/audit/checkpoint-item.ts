import { ok, type Result, refuse } from '../result.ts';
import { type Checkpoint, type NoCheckpoint, readCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import type { Item } from './item.ts';
import { sequenceKey } from './stream.ts';

/** Every checkpoint of a log is in one partition: the number is the sort key, so that an INSERT takes it once. */
export const checkpointPartition = 'C#checkpoints';

export type ReadCheckpoint = Result<Checkpoint, NoCheckpoint>;

/** The row of a checkpoint. With 2,000 leaves, the most there are, it is half of the 400 KB that DynamoDB takes. */
export function checkpointItem(n: number, { note, signature, leaves }: SignedCheckpoint): Item {
  return {
    pk: { S: checkpointPartition },
    sk: { S: sequenceKey(n) },
    o: { S: note },
    g: { B: Buffer.from(signature, 'base64') },
    e: { S: JSON.stringify(leaves) },
  };
}

/** The checkpoint of a row: its number must be the one it stands at. */
export function checkpointFromItem(item: Readonly<Record<string, unknown>>): ReadCheckpoint {
  const place = Number(text(item.sk));
  const n = Number.isInteger(place) ? place : undefined;
  const { B } = (item.g ?? {}) as { B?: unknown };
  const read = readCheckpoint({
    note: text(item.o),
    signature: B instanceof Uint8Array ? Buffer.from(B).toString('base64') : undefined,
    leaves: listed(text(item.e)),
  });
  if (!read.ok) return refuse({ ...read.error, n });
  if (read.value.parsed.n === n) return ok(read.value);
  return refuse({ reason: 'malformed', n, detail: `the note says that it is number ${read.value.parsed.n}` });
}

function text(attribute: unknown): string | undefined {
  const { S } = (attribute ?? {}) as { S?: unknown };
  return typeof S === 'string' ? S : undefined;
}

function listed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

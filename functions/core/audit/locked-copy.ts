import { sequenceKey } from './stream.ts';

/** The object that holds the locked copy of a checkpoint: its line, without a line's end. */
export function checkpointObject(n: number): string {
  return `checkpoints/${sequenceKey(n)}.json`;
}

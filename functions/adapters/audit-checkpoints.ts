import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { SignedCheckpoint } from '../core/audit/checkpoint.ts';
import { checkpointItem } from '../core/audit/checkpoint-item.ts';
import { checkpointLine } from '../core/audit/export-lines.ts';
import { checkpointObject } from '../core/audit/locked-copy.ts';
import type { AuditReader } from '../core/audit/reader.ts';
import type { Insert } from './audit-insert.ts';

/** How long the insertion of a checkpoint is tried, in milliseconds. */
const insertMs = 6_000;

export type CheckpointStoreOptions = {
  readonly insert: Insert;
  readonly reader: AuditReader;
  readonly s3: S3Client;
  readonly bucket: string;
};

/**
 * Where checkpoints go: the table, by an INSERT that takes a number once, and the bucket, whose default retention locks
 * every object. Answers to the INSERT are not believed, whatever they say: it is there when it can be read back.
 */
export function createCheckpointStore({ insert, reader, s3, bucket }: CheckpointStoreOptions) {
  return {
    insert: async (n: number, checkpoint: SignedCheckpoint): Promise<void> => {
      const inserted = await insert(checkpointItem(n, checkpoint), AbortSignal.timeout(insertMs));
      const stored = await find(reader, n);
      if (stored === checkpointLine(checkpoint)) return;
      const why = inserted.ok ? 'it cannot be read back' : inserted.error.detail;
      throw new Error(
        stored === undefined
          ? `checkpoint ${n} was not written: ${why}`
          : `checkpoint ${n} is another run's; this one wrote nothing`,
      );
    },
    copy: async (n: number, checkpoint: SignedCheckpoint): Promise<void> => {
      const Body = checkpointLine(checkpoint);
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: checkpointObject(n),
        Body,
        ContentType: 'application/json',
        IfNoneMatch: '*',
      });
      try {
        await s3.send(command);
      } catch (error) {
        // It is there already: by this environment, before an answer was lost, or by the one before it.
        if ((error as Error).name !== 'PreconditionFailed') throw error;
      }
    },
  };
}

/** The line of the checkpoint with this number, as the table has it. Others may have come after it. */
async function find(reader: AuditReader, n: number): Promise<string | undefined> {
  for await (const read of reader.checkpoints(1)) {
    if (!read.ok) throw new Error(`checkpoint ${read.error.n} is none: ${read.error.detail}`);
    if (read.value.parsed.n === n) return checkpointLine(read.value);
    if (read.value.parsed.n < n) return undefined;
  }
  return undefined;
}

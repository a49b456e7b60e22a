import { createPublicKey, randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { createCheckpointStore } from '../../functions/adapters/audit-checkpoints.ts';
import { createInsert } from '../../functions/adapters/audit-insert.ts';
import { createNoteSigner } from '../../functions/adapters/audit-signer.ts';
import { type Checkpoint, keyId, type TrustedKeys } from '../../functions/core/audit/checkpoint.ts';
import { type Proof, type ProofInput, prove } from '../../functions/core/audit/prove.ts';
import type { AuditReader } from '../../functions/core/audit/reader.ts';
import { createSeal, type SealPorts, type SealReport } from '../../functions/seal/seal.ts';
import { type AuditStand, type SteppingClock, steppingClock } from './audit-log.ts';

type Line = {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

/** A seal over a stand's table, key and bucket, and what it said. */
export type Sealing = {
  readonly run: () => Promise<SealReport>;
  /** As the stand's key signs. */
  readonly sign: (note: string) => Promise<string>;
  readonly lines: Line[];
  readonly clock: SteppingClock;
  readonly keys: TrustedKeys;
  readonly s3: S3Client;
  readonly bucket: string;
  /** Checkpoints as they are stored, in order. */
  readonly checkpoints: () => Promise<readonly Checkpoint[]>;
  /** Proves these days of the table. */
  readonly proof: (changed?: Partial<ProofInput>) => Promise<Proof>;
};

export const ORIGIN = 'gatehouse-test/us-east-1/000000000000';

export async function sealingOf(stand: AuditStand, changed: Partial<SealPorts> = {}): Promise<Sealing> {
  const { running } = stand;
  const kms = new KMSClient(running.as('WriterFunction'));
  const { PublicKey = new Uint8Array() } = await kms.send(
    new GetPublicKeyCommand({ KeyId: running.arn('SigningKey') }),
  );
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const keys = new Map([[keyId(publicKey), publicKey]]);
  const bucket = running.ref('Vault');
  const s3 = new S3Client({ ...running.as('WriterFunction'), forcePathStyle: true });
  const reader = changed.reader ?? stand.reader;
  const insert = createInsert(new DynamoDBClient(running.as('ReaderFunction')), running.ref('Log'), randomBytes);
  const lines: Line[] = [];
  const write = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, message, fields });
  const clock = steppingClock('2025-11-22T12:00:00.000Z');
  const sign = createNoteSigner(kms, running.arn('SigningKey'));
  const run = createSeal({
    reader,
    store: createCheckpointStore({ insert, reader, s3, bucket }),
    sign,
    key: keyId(publicKey),
    keys,
    origin: ORIGIN,
    clock,
    // Of a directory of 31 days every shard would be asked, in every test.
    firstLookDays: 1,
    log: { info: write('info'), error: write('error') },
    ...changed,
  });
  const checkpoints = async () => (await stored(stand.reader)).toReversed();
  return {
    run,
    sign,
    lines,
    clock,
    keys,
    s3,
    bucket,
    checkpoints,
    proof: async (demands = {}) =>
      prove({
        checkpoints: (await checkpoints()).map((value) => ({ ok: true, value })),
        entries: async function* (sealed) {
          for (const date of ['2025-11-22', '2025-11-23']) {
            const listed = await stand.reader.streams(date);
            const known = sealed.filter(([day]) => day === date).map(([, stream]) => stream);
            for (const stream of [...new Set([...listed, ...known])].sort())
              for await (const read of reader.records(stream, 0)) yield { stream, read };
          }
        },
        keys,
        keysGiven: true,
        origin: ORIGIN,
        from: '2025-11-22',
        to: '2025-11-23',
        required: '2025-11-22T12:00:00.000Z',
        tail: 'none',
        ...demands,
      }),
  };
}

async function stored(reader: AuditReader): Promise<Checkpoint[]> {
  const list: Checkpoint[] = [];
  for await (const read of reader.checkpoints(100)) {
    if (!read.ok) throw new Error(read.error.detail);
    list.push(read.value);
  }
  return list;
}

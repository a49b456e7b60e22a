import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createCheckpointStore } from '../adapters/audit-checkpoints.ts';
import { createInsert } from '../adapters/audit-insert.ts';
import { readAuditTable } from '../adapters/audit-reader.ts';
import { createNoteSigner } from '../adapters/audit-signer.ts';
import { createKmsClient } from '../adapters/kms-signer.ts';
import { systemClock, systemRandom } from '../adapters/system.ts';
import { configOf } from '../config.ts';
import { trusted } from '../core/audit/checkpoint.ts';
import { createSeal, type SealReport } from '../seal/seal.ts';
import { BOUNDED } from './limits.ts';
import { loggerOf } from './served.ts';

/** Every five minutes: seals the audit log. */
export function composeSeal(): () => Promise<SealReport> {
  const config = configOf('seal');
  const { AUDIT_TABLE: table, AUDIT_BUCKET: bucket, AUDIT_ORIGIN: origin } = config;
  const reader = readAuditTable(new DynamoDBClient(BOUNDED), table);
  // The SDK repeats nothing: the insert does, and then reads back what became of it.
  const insert = createInsert(new DynamoDBClient({ ...BOUNDED, maxAttempts: 1 }), table, systemRandom);
  const keys = trusted(
    config.AUDIT_KEYS.keys.map(({ kty, crv, x, y }) => ({ key: { kty, crv, x, y }, format: 'jwk' as const })),
  );
  const [key = ''] = keys.keys();
  return createSeal({
    reader,
    // Path style: a bucket's name is then no part of a host's name, here as on a laptop.
    store: createCheckpointStore({ insert, reader, s3: new S3Client({ ...BOUNDED, forcePathStyle: true }), bucket }),
    sign: createNoteSigner(createKmsClient(), config.AUDIT_SIGNING_KEY_ARN),
    key,
    keys,
    origin,
    clock: systemClock,
    log: loggerOf(config),
  });
}

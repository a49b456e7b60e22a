import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { type AuditLog, type AuditLogOptions, createAuditLog } from '../../functions/adapters/audit-log.ts';
import { createAuditMac } from '../../functions/adapters/audit-mac.ts';
import { readAuditTable } from '../../functions/adapters/audit-reader.ts';
import type { AuditReader } from '../../functions/core/audit/reader.ts';
import type { AuditRecord } from '../../functions/core/audit/record.ts';
import { type BrokenChain, startOf, type Verified, verifyStream } from '../../functions/core/audit/verify-stream.ts';
import type { Clock } from '../../functions/core/ports.ts';
import type { Result } from '../../functions/core/result.ts';
import { createFaults, type Faults } from '../../infra/local/aws/faults.ts';
import { type RunningEndpoint, startEndpoint } from '../infra/fixtures/running-endpoint.ts';

/** The audit log over HTTP: the SDK's clients, the local cloud's DynamoDB and KMS, and roles that may do no more. */
export type AuditStand = {
  readonly running: RunningEndpoint;
  readonly faults: Faults;
  readonly reader: AuditReader;
  /** One more Lambda environment: its own chain, the shared table. */
  readonly environment: (changed?: Partial<AuditLogOptions>) => Environment;
  /** Every record of a day, stream by stream, and whether each chain is whole. */
  readonly day: (
    date: string,
  ) => Promise<
    readonly { readonly records: readonly AuditRecord[]; readonly verdict: Result<Verified, BrokenChain> }[]
  >;
  readonly close: () => Promise<void>;
};

type Environment = AuditLog & {
  readonly lines: { readonly audit: AuditRecord }[];
  readonly clock: SteppingClock;
};

/** A clock that stands until it is moved. */
export type SteppingClock = Clock & { readonly set: (iso: string) => void };

export function steppingClock(iso: string): SteppingClock {
  let millis = Date.parse(iso);
  return {
    seconds: () => Math.floor(millis / 1_000),
    millis: () => millis,
    set: (later) => {
      millis = Date.parse(later);
    },
  };
}

export async function startAuditStand(): Promise<AuditStand> {
  const faults = createFaults();
  const running = await startEndpoint({ faults });
  const appending = new DynamoDBClient(running.as('ReaderFunction'));
  const reading = new DynamoDBClient(running.as('WriterFunction'));
  const kms = new KMSClient(running.as('WriterFunction'));
  const table = running.ref('Log');
  const reader = readAuditTable(reading, table);
  return {
    running,
    faults,
    reader,
    environment: (changed) => {
      const clock = steppingClock('2025-11-22T10:00:00.000Z');
      const lines: { audit: AuditRecord }[] = [];
      const log = createAuditLog({
        client: appending,
        table,
        mac: createAuditMac({ client: kms, keyId: running.arn('MacKey') }),
        clock,
        random: randomBytes,
        log: (line) => lines.push(line),
        ...changed,
      });
      return { ...log, lines, clock };
    },
    day: async (date) => {
      const streams = await reader.streams(date);
      return Promise.all(
        streams.map(async (stream) => {
          const reads = await listed(reader.records(stream, 0));
          const records = reads.flatMap((read) => (read.ok ? [read.value] : []));
          return { records, verdict: await verifyStream(startOf(stream, date), reads) };
        }),
      );
    },
    close: async () => {
      appending.destroy();
      reading.destroy();
      kms.destroy();
      await running.close();
    },
  };
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

import { DynamoDBClient, ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkpointItem } from '../../functions/core/audit/checkpoint-item.ts';
import { checkpointLine } from '../../functions/core/audit/export-lines.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { anEvent } from '../core/audit/builders.ts';
import { checkpointAfter } from '../core/audit/sealed-log.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';
import { ORIGIN, type Sealing, sealingOf } from '../support/sealing.ts';

/** What becomes of a run while something it needs is not there, or somebody else is at work. */

let stand: AuditStand;
let sealing: Sealing;
beforeEach(async () => {
  stand = await startAuditStand();
  sealing = await sealingOf(stand);
  await stand.environment().append(anEvent());
});
afterEach(() => stand.close());

const down = new AwsError('InternalServerError', 'it is down', 500);
const numbers = async () => (await sealing.checkpoints()).map(({ parsed }) => parsed.n);

async function copyOf(n: number): Promise<string | undefined> {
  const Key = `checkpoints/${String(n).padStart(9, '0')}.json`;
  const object = await sealing.s3.send(new GetObjectCommand({ Bucket: sealing.bucket, Key }));
  return object.Body?.transformToString();
}

/** Somebody with a function's role, which may insert. */
async function inserted(item: ReturnType<typeof checkpointItem>): Promise<void> {
  const client = new DynamoDBClient(stand.running.as('ReaderFunction'));
  const names = Object.keys(item);
  const Statement = `INSERT INTO "${stand.running.ref('Log')}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`;
  await client.send(new ExecuteStatementCommand({ Statement, Parameters: Object.values(item) }));
  client.destroy();
}

test('the locked copy has the bytes of the line, and the retention of its bucket', async () => {
  await sealing.run();
  const [checkpoint] = await sealing.checkpoints();
  expect(await copyOf(1)).toBe(checkpoint && checkpointLine(checkpoint));
  const Key = 'checkpoints/000000001.json';
  expect(await sealing.s3.send(new GetObjectCommand({ Bucket: sealing.bucket, Key }))).toMatchObject({
    ObjectLockMode: 'COMPLIANCE',
    ContentType: 'application/json',
  });
});

test('without KMS there is no checkpoint, and the next run seals what this one could not', async () => {
  stand.faults.failNext('kms:Sign', down);
  await expect(sealing.run()).rejects.toThrow('it is down');
  expect(await numbers()).toEqual([]);
  expect(await sealing.run()).toMatchObject({ n: 1, records: 1 });
});

test.each(['the directory', 'a stream'])('what is read by halves, in %s, becomes no checkpoint', async (where) => {
  const { reader } = stand;
  let rows = 0;
  const failing = await sealingOf(stand, {
    reader: {
      ...reader,
      streams: async (date) => {
        if (where === 'the directory') throw new Error('throttled');
        return reader.streams(date);
      },
      async *records(stream, after) {
        for await (const row of reader.records(stream, after)) {
          if (++rows === 2) throw new Error('throttled');
          yield row;
        }
      },
    },
  });
  await stand.environment().append(anEvent());
  await expect(failing.run()).rejects.toThrow('throttled');
  expect(await numbers()).toEqual([]);
});

test('an answer to the insert that gets lost is found out by reading back', async () => {
  stand.faults.loseAnswer('dynamodb:ExecuteStatement');
  expect(await sealing.run()).toMatchObject({ n: 1, records: 1 });
  expect(await numbers()).toEqual([1]);
  expect(await copyOf(1)).toContain('"n\\":1');
});

test('an insert that fails leaves nothing: no copy either', async () => {
  stand.faults.failNext('dynamodb:ExecuteStatement', new AwsError('ValidationException', 'no', 400), 1);
  await expect(sealing.run()).rejects.toThrow('checkpoint 1 was not written: ValidationException: no');
  await expect(copyOf(1)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('while S3 is down one checkpoint lacks its copy and no other is made; then both are there', async () => {
  stand.faults.failNext('s3:PutObject', down, 2);
  await expect(sealing.run()).rejects.toThrow('it is down');
  await expect(sealing.run()).rejects.toThrow('it is down');
  expect(await numbers()).toEqual([1]);
  // In another environment, which remembers nothing.
  const next = await sealingOf(stand);
  expect(await next.run()).toMatchObject({ n: 2, records: 0 });
  const [first, second] = await sealing.checkpoints();
  expect([await copyOf(1), await copyOf(2)]).toEqual([
    first && checkpointLine(first),
    second && checkpointLine(second),
  ]);
});

test('of two runs at once one makes the checkpoint and the other says so', async () => {
  const other = await sealingOf(stand);
  other.clock.set('2025-11-22T12:00:01.000Z');
  const settled = await Promise.allSettled([sealing.run(), other.run()]);
  expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [refused] = settled.filter((each) => each.status === 'rejected');
  expect(refused?.reason.message).toMatch(/^checkpoint 1 is another run's/);
  expect(await numbers()).toEqual([1]);
  const [checkpoint] = await sealing.checkpoints();
  expect(await copyOf(1)).toBe(checkpoint && checkpointLine(checkpoint));
  expect([await sealing.run(), await other.run()]).toMatchObject([{ n: 2 }, { n: 3 }]);
});

test.each([
  ['of another key', {}, /^checkpoint 1 is not signed with the key of this log$/],
  ['that is none', undefined, /^checkpoint 1 is none: /],
])('nothing is built on a checkpoint %s that somebody put there', async (_, note, message) => {
  const forged = checkpointAfter(undefined, [], { origin: ORIGIN, ...note });
  await inserted(checkpointItem(1, note === undefined ? { ...forged, note: '{}' } : forged));
  await expect(sealing.run()).rejects.toThrow(message);
});

test('nothing is built on a row that has a hole before its last checkpoint', async () => {
  await sealing.run();
  await sealing.run();
  const [first, second] = await sealing.checkpoints();
  const cut = await sealingOf(stand, {
    reader: {
      ...stand.reader,
      async *checkpoints() {
        if (second) yield { ok: true, value: second };
      },
    },
  });
  expect(first?.parsed.n).toBe(1);
  await expect(cut.run()).rejects.toThrow('the checkpoints before 2 are gone');
});

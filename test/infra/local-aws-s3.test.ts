import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

let running: RunningEndpoint;
let writer: S3Client;
let Bucket: string;
let offset = 0;

beforeAll(async () => {
  running = await startEndpoint({ now: () => Date.now() + offset });
  writer = new S3Client(running.as('WriterFunction'));
  Bucket = running.ref('Vault');
});
beforeEach(() => {
  offset = 0;
});
afterAll(() => running.close());

const DAY = 24 * 60 * 60 * 1000;

const put = (Key: string, Body: string, more: object = {}) =>
  writer.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function get(Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await writer.send(new GetObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }));
  return Body?.transformToString();
}

describe('an object', () => {
  test('comes back as it was put, under a key with any characters', async () => {
    const Key = 'checkpoints/2026-01-01T00:00:00Z/ü (1)+&=.json';
    const { ETag } = await put(Key, '{"n":1}', { ContentType: 'application/json', Metadata: { stream: 's1' } });
    const { Body, ...object } = await writer.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe('{"n":1}');
    expect(object).toMatchObject({ ETag, ContentType: 'application/json', Metadata: { stream: 's1' } });
  });

  test('put twice is two versions, and the first stays what it was', async () => {
    const { VersionId: first } = await put('twice', 'one');
    const { VersionId: second } = await put('twice', 'two');
    expect(second).not.toBe(first);
    expect(await get('twice')).toBe('two');
    expect(await get('twice', first)).toBe('one');
  });

  test('is put once when it must not be there yet', async () => {
    await put('once', 'one', { IfNoneMatch: '*' });
    const failure = await failureOf(put('once', 'two', { IfNoneMatch: '*' }));
    expect([failure.name, await get('once')]).toEqual(['PreconditionFailed', 'one']);
  });

  test('whose checksum is wrong is refused', async () => {
    expect((await failureOf(put('sum', 'x', { ChecksumCRC32: 'AAAAAA==' }))).name).toBe('BadDigest');
  });

  test('that is not there is said so only to who may list the bucket', async () => {
    expect((await failureOf(get('nothing'))).name).toBe('NoSuchKey');
    const reader = new S3Client(running.as('ReaderFunction'));
    const missing = reader.send(new GetObjectCommand({ Bucket, Key: 'nothing' }));
    expect((await failureOf(missing)).name).toBe('AccessDenied');
  });
});

describe('Object Lock', () => {
  test('gives every object the retention of its bucket', async () => {
    await put('locked', 'x');
    const object = await writer.send(new GetObjectCommand({ Bucket, Key: 'locked' }));
    expect(object.ObjectLockMode).toBe('COMPLIANCE');
    const left = (object.ObjectLockRetainUntilDate?.getTime() ?? 0) - Date.now();
    expect(left / DAY).toBeCloseTo(1, 2);
  });

  test('keeps a version from being deleted until it ends', async () => {
    const { VersionId } = await put('kept', 'x');
    const remove = () => writer.send(new DeleteObjectCommand({ Bucket, Key: 'kept', VersionId }));
    expect((await failureOf(remove())).name).toBe('AccessDenied');
    expect(await get('kept')).toBe('x');
  });

  test('lets go of a version when it has ended', async () => {
    const { VersionId } = await put('past', 'x');
    offset = 2 * DAY;
    const later = new S3Client({ ...running.as('WriterFunction'), systemClockOffset: offset });
    await later.send(new DeleteObjectCommand({ Bucket, Key: 'past', VersionId }));
    expect((await failureOf(later.send(new GetObjectCommand({ Bucket, Key: 'past' })))).name).toBe('NoSuchKey');
  });

  test('lets an object be marked deleted, which hides it and loses nothing', async () => {
    await put('hidden', 'x');
    const { DeleteMarker, VersionId } = await writer.send(new DeleteObjectCommand({ Bucket, Key: 'hidden' }));
    expect(DeleteMarker).toBe(true);
    expect((await failureOf(get('hidden'))).name).toBe('NoSuchKey');
    await writer.send(new DeleteObjectCommand({ Bucket, Key: 'hidden', VersionId }));
    expect(await get('hidden')).toBe('x');
  });

  test('of a length that the caller names needs a permission of its own', async () => {
    const ObjectLockRetainUntilDate = new Date(Date.now() + 30 * DAY);
    const failure = await failureOf(put('long', 'x', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate }));
    expect(failure.message).toContain('is not authorized to perform: s3:PutObjectRetention');
  });
});

test('an operation that is not served is denied by name', async () => {
  const retention = new PutObjectRetentionCommand({ Bucket, Key: 'locked', Retention: { Mode: 'GOVERNANCE' } });
  const failure = await failureOf(writer.send(retention));
  expect(failure.name).toBe('AccessDenied');
  expect(failure.message).toMatch(/because the local cloud does not serve it/);
});

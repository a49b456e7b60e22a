import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-error.ts';
import type { AwsRequest } from '../request.ts';
import type { Bucket } from './buckets.ts';
import type { Version } from './objects.ts';

const DAY = 24 * 60 * 60 * 1000;

/**
 * The lock that a PutObject asks for in its headers, or the bucket's default; undefined when there is neither.
 *
 * @param at milliseconds since the epoch, when the object is put
 * @throws AwsError InvalidRequest or InvalidArgument, as S3 answers
 */
export function lockOf(request: AwsRequest, bucket: Bucket, at: number): Version['lock'] {
  const mode = request.headers.get('x-amz-object-lock-mode');
  const until = request.headers.get('x-amz-object-lock-retain-until-date');
  if (request.headers.has('x-amz-object-lock-legal-hold')) {
    throw new AwsError('NotImplemented', 'The local cloud has no legal holds.', 501);
  }
  if (mode === undefined && until === undefined) {
    return bucket.defaultLock && { mode: bucket.defaultLock.mode, until: at + bucket.defaultLock.days * DAY };
  }
  if (!bucket.lockable) throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  const date = Date.parse(until ?? '');
  if ((mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') || Number.isNaN(date)) {
    throw new AwsError(
      'InvalidArgument',
      'x-amz-object-lock-mode and x-amz-object-lock-retain-until-date must both be given',
    );
  }
  if (date <= at) throw new AwsError('InvalidArgument', 'The retain until date must be in the future!');
  return { mode, until: date };
}

/** What IAM may ask about the lock that the headers name (not about the bucket's default). */
export function lockContext(request: AwsRequest, at: number): Record<string, string> {
  const mode = request.headers.get('x-amz-object-lock-mode');
  const until = Date.parse(request.headers.get('x-amz-object-lock-retain-until-date') ?? '');
  if (mode === undefined || Number.isNaN(until)) return {};
  const days = String(Math.ceil((until - at) / DAY));
  return { 's3:object-lock-mode': mode, 's3:object-lock-remaining-retention-days': days };
}

/**
 * Checks the checksums a request brings. S3 wants one with every object that gets a lock.
 *
 * @throws AwsError BadDigest, InvalidRequest, or NotImplemented for an algorithm that is not read here
 */
export function checkChecksums(request: AwsRequest, locked: boolean): void {
  const expected: readonly (readonly [string, string])[] = [
    ['content-md5', createHash('md5').update(request.body).digest('base64')],
    ['x-amz-checksum-sha256', createHash('sha256').update(request.body).digest('base64')],
    ['x-amz-checksum-crc32', crc32Of(request.body)],
  ];
  const known = expected.map(([name]) => name);
  const unread = [...request.headers.keys()].find(
    (name) => name.startsWith('x-amz-checksum-') && !known.includes(name),
  );
  if (unread) throw new AwsError('NotImplemented', `The local cloud does not read ${unread}.`, 501);
  const given = expected.filter(([name]) => request.headers.has(name));
  const wrong = given.find(([name, value]) => request.headers.get(name) !== value);
  if (wrong) throw new AwsError('BadDigest', `The ${wrong[0]} you specified did not match what we received.`);
  if (locked && given.length === 0) {
    throw new AwsError(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
}

function crc32Of(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

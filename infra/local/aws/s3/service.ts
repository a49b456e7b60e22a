import { join } from 'node:path';
import type { State } from '../../state.ts';
import type { Assembly } from '../../template/assembly.ts';
import type { Resolver } from '../../template/resolver.ts';
import type { Authorizer, Need } from '../authorization.ts';
import { AwsError } from '../aws-error.ts';
import type { Answer, Call, Operation, Service } from '../operation.ts';
import type { AwsRequest } from '../request.ts';
import { type Bucket, readBuckets } from './buckets.ts';
import { type Objects, openObjects, type Version } from './objects.ts';
import { checkChecksums, lockContext, lockOf } from './put-headers.ts';

type Shelf = {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly objects: Objects;
  readonly authorizer: Authorizer;
  readonly now: () => number;
};

/** S3 with path-style addresses: PutObject, GetObject and DeleteObject, with versions and Object Lock. */
export function createS3(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
  readonly authorizer: Authorizer;
  readonly now: () => number;
}): Service {
  const shelf: Shelf = {
    buckets: readBuckets(options.assembly, options.resolver),
    objects: openObjects(join(options.state.directory, 's3')),
    authorizer: options.authorizer,
    now: options.now,
  };
  return {
    protocol: 'rest-xml',
    read: readPath,
    operations: new Map([
      ['PutObject', putObject(shelf)],
      ['GetObject', getObject(shelf)],
      ['DeleteObject', deleteObject(shelf)],
    ]),
  };
}

const METHODS: ReadonlyMap<string, string> = new Map([
  ['PUT', 'PutObject'],
  ['GET', 'GetObject'],
  ['DELETE', 'DeleteObject'],
]);

/** `/bucket/key`. Any query but a version id, and a copy source, make it another operation, which is not served. */
function readPath(request: AwsRequest): ReturnType<Service['read']> {
  const [, bucket, key] = /^\/([^/]+)\/(.+)$/s.exec(request.path) ?? [];
  const query = new URLSearchParams(request.query);
  const others = [...query.keys()].filter((name) => name !== 'x-id' && name !== 'versionId');
  const operation = METHODS.get(request.method);
  if (!bucket || !key || !operation || others.length > 0 || request.headers.has('x-amz-copy-source')) {
    return { operation: `${request.method} ${request.path}${others.map((name) => `?${name}`).join('')}`, input: {} };
  }
  const versionId = query.get('versionId');
  return {
    operation,
    input: { Bucket: decodeURIComponent(bucket), Key: decodeURIComponent(key), ...(versionId ? { versionId } : {}) },
  };
}

function putObject(shelf: Shelf): Operation {
  return {
    needs: (call) => {
      const context = lockContext(call.request, shelf.now());
      const asksForLock = call.request.headers.has('x-amz-object-lock-mode');
      const put = need('s3:PutObject', call, context);
      return asksForLock ? [put, need('s3:PutObjectRetention', call, context)] : [put];
    },
    run: ({ input, request }) => {
      const bucket = bucketOf(shelf, input.Bucket);
      const key = String(input.Key);
      if (request.headers.get('content-encoding')?.includes('aws-chunked')) {
        throw new AwsError('NotImplemented', 'The local cloud does not read chunked uploads.', 501);
      }
      const condition = request.headers.get('if-none-match');
      if (condition !== undefined && condition !== '*')
        throw new AwsError('NotImplemented', 'If-None-Match takes *.', 501);
      if (condition === '*' && isThere(shelf.objects.find(bucket, key))) {
        throw new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
      }
      const at = shelf.now();
      const lock = lockOf(request, bucket, at);
      checkChecksums(request, lock !== undefined);
      const version = shelf.objects.put(bucket, key, request.body, { at, headers: keptHeaders(request), lock });
      return { headers: { etag: version.etag, ...versionHeader(bucket, version) }, body: '' };
    },
  };
}

function getObject(shelf: Shelf): Operation {
  return {
    needs: (call) => [need(call.input.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', call)],
    run: ({ input, request, caller }) => {
      if (request.headers.has('range')) throw new AwsError('NotImplemented', 'The local cloud serves no ranges.', 501);
      const bucket = bucketOf(shelf, input.Bucket);
      const key = String(input.Key);
      const version = shelf.objects.find(bucket, key, versionIdOf(input.versionId));
      if (!isThere(version)) {
        // Who may not list the bucket does not learn which keys it lacks.
        const mayKnow = shelf.authorizer.may(caller, { action: 's3:ListBucket', resource: bucket.arn });
        throw mayKnow ? new AwsError('NoSuchKey', 'The specified key does not exist.', 404) : accessDenied();
      }
      return {
        headers: {
          ...version.headers,
          etag: version.etag,
          'last-modified': new Date(version.at).toUTCString(),
          ...versionHeader(bucket, version),
          ...lockHeaders(version),
        },
        body: shelf.objects.bytes(bucket, key, version),
      };
    },
  };
}

function deleteObject(shelf: Shelf): Operation {
  return {
    needs: (call) => [need(call.input.versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', call)],
    run: ({ input }): Answer => {
      const bucket = bucketOf(shelf, input.Bucket);
      const key = String(input.Key);
      const id = versionIdOf(input.versionId);
      if (id === undefined) {
        const marker = shelf.objects.markDeleted(bucket, key, shelf.now());
        const isMarker = bucket.versioned ? { 'x-amz-delete-marker': 'true' } : {};
        return { status: 204, headers: { ...isMarker, ...versionHeader(bucket, marker) }, body: '' };
      }
      const lock = shelf.objects.find(bucket, key, id)?.lock;
      // GOVERNANCE could be bypassed by whoever holds s3:BypassGovernanceRetention; here nobody does.
      if (lock && lock.until > shelf.now()) throw accessDenied('because object protected by object lock.');
      shelf.objects.remove(bucket, key, id);
      return { status: 204, headers: { 'x-amz-version-id': id }, body: '' };
    },
  };
}

function need(action: string, { input }: Call, context = {}): Need {
  return { action, resource: `arn:aws:s3:::${String(input.Bucket)}/${String(input.Key)}`, context };
}

function bucketOf(shelf: Shelf, name: unknown): Bucket {
  const bucket = shelf.buckets.get(String(name));
  if (!bucket) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
  return bucket;
}

function versionIdOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isThere(version: Version | undefined): version is Version {
  return version !== undefined && !version.deleted;
}

function versionHeader(bucket: Bucket, { id }: Version): Record<string, string> {
  return bucket.versioned ? { 'x-amz-version-id': id } : {};
}

function lockHeaders({ lock }: Version): Record<string, string> {
  if (!lock) return {};
  return {
    'x-amz-object-lock-mode': lock.mode,
    'x-amz-object-lock-retain-until-date': new Date(lock.until).toISOString(),
  };
}

function keptHeaders(request: AwsRequest): Record<string, string> {
  const kept = [...request.headers].filter(([name]) => name === 'content-type' || name.startsWith('x-amz-meta-'));
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}

function accessDenied(reason = ''): AwsError {
  return new AwsError('AccessDeniedException', `Access Denied ${reason}`.trim());
}

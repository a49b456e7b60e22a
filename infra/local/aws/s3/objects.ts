import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bucket, LockMode } from './buckets.ts';

/** One version of an object, without its bytes. */
export type Version = {
  readonly id: string;
  /** A version that says "deleted" and has no bytes. */
  readonly deleted: boolean;
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Headers that come back with the object: Content-Type and x-amz-meta-*. */
  readonly headers: Readonly<Record<string, string>>;
  readonly lock: { readonly mode: LockMode /** Milliseconds since the epoch. */; readonly until: number } | undefined;
};

export type Objects = {
  /** The version with this id, the newest without one; undefined when there is none. */
  readonly find: (bucket: Bucket, key: string, id?: string) => Version | undefined;
  readonly bytes: (bucket: Bucket, key: string, version: Version) => Buffer;
  /** Adds a version; in a bucket without versions it replaces the one there is. */
  readonly put: (
    bucket: Bucket,
    key: string,
    bytes: Buffer,
    version: Omit<Version, 'id' | 'etag' | 'deleted'>,
  ) => Version;
  /** Adds a version that says "deleted"; in a bucket without versions the object goes. */
  readonly markDeleted: (bucket: Bucket, key: string, at: number) => Version;
  /** Removes one version for good. Whether its lock allows that is the caller's question. */
  readonly remove: (bucket: Bucket, key: string, id: string) => void;
};

/**
 * Objects below a directory: `<bucket>/<SHA-256 of the key>/` holds a file for the bytes of every version, and
 * `versions.json`, oldest first, which is replaced as a whole after the bytes are there.
 */
export function openObjects(directory: string): Objects {
  const folder = (bucket: Bucket, key: string) =>
    join(directory, bucket.name, createHash('sha256').update(key).digest('hex'));
  const list = (bucket: Bucket, key: string): readonly Version[] => {
    const path = join(folder(bucket, key), 'versions.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { versions: Version[] }).versions : [];
  };
  const save = (bucket: Bucket, key: string, versions: readonly Version[]) => {
    const path = join(folder(bucket, key), 'versions.json');
    writeFileSync(`${path}.tmp`, JSON.stringify({ key, versions }, null, 2), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  };
  const remove = (bucket: Bucket, key: string, id: string) => {
    save(
      bucket,
      key,
      list(bucket, key).filter((version) => version.id !== id),
    );
    rmSync(join(folder(bucket, key), id), { force: true });
  };
  const add = (bucket: Bucket, key: string, version: Version): Version => {
    const before = list(bucket, key).filter(({ id }) => id !== version.id);
    save(bucket, key, [...before, version]);
    return version;
  };
  const newId = (bucket: Bucket) => (bucket.versioned ? randomBytes(24).toString('base64url') : 'null');

  return {
    find: (bucket, key, id) => {
      const versions = list(bucket, key);
      return id === undefined ? versions.at(-1) : versions.find((version) => version.id === id);
    },
    bytes: (bucket, key, { id }) => readFileSync(join(folder(bucket, key), id)),
    put: (bucket, key, bytes, version) => {
      const id = newId(bucket);
      mkdirSync(folder(bucket, key), { recursive: true, mode: 0o700 });
      writeFileSync(join(folder(bucket, key), id), bytes, { mode: 0o600 });
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      return add(bucket, key, { ...version, id, etag, deleted: false });
    },
    markDeleted: (bucket, key, at) => {
      const marker: Version = { id: newId(bucket), deleted: true, etag: '', at, headers: {}, lock: undefined };
      mkdirSync(folder(bucket, key), { recursive: true, mode: 0o700 });
      if (bucket.versioned) return add(bucket, key, marker);
      remove(bucket, key, marker.id);
      return marker;
    },
    remove,
  };
}

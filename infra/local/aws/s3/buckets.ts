import type { Assembly, Resource } from '../../template/assembly.ts';
import { type Json, member } from '../../template/json.ts';
import { notModelled, placeOf } from '../../template/refusal.ts';
import type { Resolver } from '../../template/resolver.ts';

export type LockMode = 'COMPLIANCE' | 'GOVERNANCE';

export type Bucket = {
  readonly name: string;
  readonly arn: string;
  readonly versioned: boolean;
  readonly lockable: boolean;
  /** What an object that asks for no lock gets. */
  readonly defaultLock: { readonly mode: LockMode; readonly days: number } | undefined;
};

/** The buckets of the template, by name. @throws Problem for a lock configuration that is not understood */
export function readBuckets(assembly: Assembly, resolver: Resolver): ReadonlyMap<string, Bucket> {
  const buckets = assembly.ofType('AWS::S3::Bucket').map((resource): Bucket => {
    const property = (name: string): Json => resolver.resolve(resource.stack, resource.properties[name] ?? null);
    const lockable = property('ObjectLockEnabled') === true;
    const status = member(property('VersioningConfiguration'), 'Status');
    return {
      name: resolver.ref(resource),
      arn: resolver.arn(resource),
      // S3 turns versioning on with Object Lock, and it cannot be turned off again.
      versioned: lockable || status === 'Enabled',
      lockable,
      defaultLock: defaultLockOf(resource, property('ObjectLockConfiguration')),
    };
  });
  return new Map(buckets.map((bucket) => [bucket.name, bucket]));
}

function defaultLockOf(resource: Resource, configuration: Json): Bucket['defaultLock'] {
  const retention = member(member(configuration, 'Rule'), 'DefaultRetention');
  if (retention === undefined) return undefined;
  const mode = member(retention, 'Mode');
  const days = Number(member(retention, 'Days') ?? Number(member(retention, 'Years')) * 365);
  if ((mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') || !Number.isInteger(days) || days < 1) {
    throw notModelled(placeOf(resource), `the default retention ${JSON.stringify(retention)}`);
  }
  return { mode, days };
}

import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { State } from '../../state.ts';
import type { Assembly, Resource } from '../../template/assembly.ts';
import { notModelled, placeOf } from '../../template/refusal.ts';
import type { Resolver } from '../../template/resolver.ts';

/** A key of the template with its material. Keys that only encrypt at rest have none: nothing here is encrypted. */
export type Key = { readonly arn: string; readonly id: string } & (
  | { readonly spec: 'ECC_NIST_P256'; readonly privateKey: KeyObject }
  | { readonly spec: 'HMAC_256'; readonly secret: Buffer }
  | { readonly spec: 'SYMMETRIC_DEFAULT' }
);

const USAGE: Readonly<Record<Key['spec'], string>> = {
  ECC_NIST_P256: 'SIGN_VERIFY',
  HMAC_256: 'GENERATE_VERIFY_MAC',
  SYMMETRIC_DEFAULT: 'ENCRYPT_DECRYPT',
};

/** One key in the state document "keys", by its id: base64 of PKCS #8, or of the bytes of an HMAC key. */
type Kept = { readonly spec: Key['spec']; readonly material: string };

/**
 * The keys of the template, by id, ARN and alias. Material is drawn once and kept, so that what was signed in one run
 * verifies in the next.
 *
 * @throws Problem for a key of another spec or usage
 */
export function openKeys(assembly: Assembly, resolver: Resolver, state: State): ReadonlyMap<string, Key> {
  const kept = state.read<Record<string, Kept>>('keys') ?? {};
  const next: Record<string, Kept> = { ...kept };
  const named = new Map<string, Key>();
  for (const resource of assembly.ofType('AWS::KMS::Key')) {
    const spec = specOf(resource);
    const id = resolver.ref(resource);
    const before = kept[id];
    const material = before?.spec === spec ? before.material : drawMaterial(spec);
    next[id] = { spec, material };
    const key = keyOf(resolver.arn(resource), id, spec, material);
    named.set(key.id, key).set(key.arn, key);
  }
  for (const alias of assembly.ofType('AWS::KMS::Alias')) {
    const target = resolver.resolve(alias.stack, alias.properties.TargetKeyId ?? null);
    const key = named.get(String(target));
    if (!key) throw notModelled(placeOf(alias), `the key ${String(target)}, which the template does not have`);
    named.set(resolver.ref(alias), key).set(resolver.arn(alias), key);
  }
  if (JSON.stringify(next) !== JSON.stringify(kept)) state.write('keys', next);
  return named;
}

function specOf(resource: Resource): Key['spec'] {
  const { KeySpec: spec = 'SYMMETRIC_DEFAULT', KeyUsage: usage = 'ENCRYPT_DECRYPT', MultiRegion } = resource.properties;
  const known = Object.keys(USAGE).find((each): each is Key['spec'] => each === spec);
  if (!known || USAGE[known] !== usage || MultiRegion === true) {
    throw notModelled(placeOf(resource), `a key of spec ${String(spec)} for ${String(usage)}`);
  }
  return known;
}

function drawMaterial(spec: Key['spec']): string {
  if (spec === 'HMAC_256') return randomBytes(32).toString('base64');
  if (spec === 'SYMMETRIC_DEFAULT') return '';
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

function keyOf(arn: string, id: string, spec: Key['spec'], material: string): Key {
  const bytes = Buffer.from(material, 'base64');
  if (spec === 'HMAC_256') return { arn, id, spec, secret: bytes };
  if (spec === 'SYMMETRIC_DEFAULT') return { arn, id, spec };
  return { arn, id, spec, privateKey: createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }) };
}

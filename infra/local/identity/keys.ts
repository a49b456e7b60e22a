import { generateKeyPair, type JsonWebKey, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { State } from '../state.ts';
import type { Shape } from './shapes.ts';

/** Keys that survive a restart, so that a token of an earlier run still verifies and a cookie is still known. */
export type Keys = { readonly signing: JsonWebKey; readonly cookies: readonly string[] };

/** The keys of an earlier run, or new ones. */
export async function keysOf(state: State, algorithm: Shape['algorithm']): Promise<Keys> {
  const name = algorithm === 'RS256' ? 'identity' : `identity-${algorithm.toLowerCase()}`;
  const kept = state.read<Keys>(name);
  if (kept !== undefined) return kept;
  const { privateKey } = await pairOf(algorithm);
  const signing = { ...privateKey.export({ format: 'jwk' }), alg: algorithm, use: 'sig' };
  const keys = { signing, cookies: [randomBytes(32).toString('base64url')] };
  state.write(name, keys);
  return keys;
}

function pairOf(algorithm: Shape['algorithm']) {
  const generate = promisify(generateKeyPair);
  switch (algorithm) {
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generate('ed25519');
    default:
      return generate('rsa', { modulusLength: 2048 });
  }
}

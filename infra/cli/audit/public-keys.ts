import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Problem } from '../../problem.ts';

/** A public key as text: SubjectPublicKeyInfo in PEM (RFC 7468 section 13). */
export function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * The public keys in a file that somebody names with `--pubkey`: one block of PEM after another, as `gatehouse audit key`
 * prints them after a rotation.
 *
 * @throws Problem when the file is not there, or holds anything that is no key on P-256
 */
export function publicKeysIn(path: string): readonly string[] {
  if (!existsSync(path)) throw new Problem(`--pubkey ${path} is not there. Name a file with the public key in PEM.`);
  try {
    const text = readFileSync(path, 'utf8');
    const blocks = text.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? [text];
    // Fewer keys than somebody meant to give would make a whole log look tampered with.
    if (text.split('-----BEGIN').length - 1 > blocks.length) throw new Error('one of its keys has no end');
    return blocks.map((block) => {
      const key = createPublicKey(block);
      if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('it is no key on P-256');
      return pemOf(key);
    });
  } catch (error) {
    throw new Problem(`--pubkey ${path} is no public key in PEM: ${(error as Error).message}`);
  }
}

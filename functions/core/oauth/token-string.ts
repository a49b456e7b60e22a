import type { Random } from '../ports.ts';
import { drawSecret, type GrantId, parseGrantId } from './identifiers.ts';

/**
 * A code or a refresh token: `grantId.familySecret.rotatingSecret`.
 *
 * The id finds the item. The family secret tells a former holder from somebody who guessed an id: only a former holder
 * may end a family. The rotating secret is good once. The item keeps the SHA-256 of the secrets, never the secrets, and
 * stays the same size however often it rotates.
 */
export type TokenString = {
  readonly grantId: GrantId;
  readonly familySecret: string;
  readonly rotatingSecret: string;
};

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** The parts of a token string, or `undefined` for anything we never issued. */
export function parseTokenString(text: string): TokenString | undefined {
  const parts = text.split('.', 4);
  const [id = '', familySecret = '', rotatingSecret = ''] = parts;
  const grantId = parseGrantId(id);
  if (parts.length !== 3 || grantId === undefined) return undefined;
  if (!SECRET.test(familySecret) || !SECRET.test(rotatingSecret)) return undefined;
  return { grantId, familySecret, rotatingSecret };
}

export function writeTokenString({ grantId, familySecret, rotatingSecret }: TokenString): string {
  return `${grantId}.${familySecret}.${rotatingSecret}`;
}

/** A token string with new secrets. */
export function drawTokenString(grantId: GrantId, random: Random): TokenString {
  return { grantId, familySecret: drawSecret(random), rotatingSecret: drawSecret(random) };
}

/** Whether this has the form of a JWT (RFC 7519 section 3), which ours never has: their first part is no JSON. */
export function looksLikeJwt(text: string): boolean {
  const parts = text.split('.', 4);
  if (parts.length !== 3) return false;
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null;
  } catch {
    return false;
  }
}

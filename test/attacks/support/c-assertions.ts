import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { type ClientKey, readClientKeys } from '../../../functions/core/oauth/cimd/client-keys.ts';
import { ASSERTION_TYPE } from '../../../functions/core/oauth/client-assertion.ts';
import { nowSeconds } from './t-token-cloud.ts';

type Members = Readonly<Record<string, unknown>>;

/** A key a client signs with: its private half here, its public half as a registry or a document has it. */
export type AssertionKey = {
  readonly alg: 'ES256' | 'RS256';
  readonly jwk: Members;
  readonly keys: readonly ClientKey[];
  readonly sign: (input: string) => string;
};

export function anAssertionKey(alg: 'ES256' | 'RS256', kid: string): AssertionKey {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  const keys = readClientKeys({ keys: [jwk] });
  if (!keys.ok) throw new Error(keys.error);
  return { alg, jwk, keys: keys.value, sign: (input) => signed(privateKey, input) };
}

function signed(key: KeyObject, input: string): string {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

export type AssertionParts = {
  readonly clientId: string;
  readonly audience: unknown;
  /** `undefined` leaves a claim out. */
  readonly claims?: Members;
  readonly header?: Members;
  readonly signer?: (input: string) => string;
};

/** An assertion as a client makes it: good for five minutes, right in everything but the changes. */
export function anAssertion(key: AssertionKey, { clientId, audience, claims, header, signer }: AssertionParts): string {
  const now = nowSeconds();
  const good = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 300, jti: randomUUID() };
  const protectedHeader = { alg: key.alg, kid: key.jwk.kid, typ: 'JWT', ...header };
  const input = `${encode(protectedHeader)}.${encode({ ...good, ...claims })}`;
  return `${input}.${(signer ?? key.sign)(input)}`;
}

/** The two fields of the form. */
export function assertionFields(assertion: string) {
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
}

/** The confusion of RFC 8725 section 2.1: a public key, which everybody has, used as a shared secret. */
export function withPublicKeyAsSecret(key: AssertionKey): (input: string) => string {
  return (input) => createHmac('sha256', JSON.stringify(key.jwk)).update(input).digest('base64url');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

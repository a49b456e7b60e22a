import { createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { Client } from '../../functions/core/oauth/client.ts';
import { type Digest, digest } from '../../functions/core/oauth/digest.ts';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import {
  type ClientId,
  drawGrantId,
  drawTransactionId,
  parseClientId,
} from '../../functions/core/oauth/identifiers.ts';
import { NEVER } from '../../functions/core/oauth/lifetimes.ts';
import type { PublicKey } from '../../functions/core/oauth/public-keys.ts';
import type { Transaction } from '../../functions/core/oauth/transaction.ts';
import type { Random, Signer } from '../../functions/core/ports.ts';

/** Things of the authorization server as tests need them: complete and valid, but for what a test says. */
export const random: Random = (bytes) => randomBytes(bytes);

export function aClientId(id: string): ClientId {
  const parsed = parseClientId(id);
  if (parsed === undefined) throw new Error(`"${id}" cannot be a client id`);
  return parsed;
}

/** A client the operator wrote, at https://client.example and on this computer. */
export function aClient(changes: Partial<Omit<Client, 'id'>> & { readonly id?: string } = {}): Client {
  const { id = 'client-a', ...rest } = changes;
  return {
    id: aClientId(id),
    source: 'static',
    status: 'on',
    name: 'Example',
    redirectUris: ['https://client.example/cb', 'http://127.0.0.1:4000/cb'],
    authentication: 'none',
    grantTypes: ['authorization_code', 'refresh_token'],
    ceiling: undefined,
    vettedAs: [],
    expires: NEVER,
    ...rest,
  };
}

export function aDigest(text = randomBytes(8).toString('hex')): Digest {
  return digest(text);
}

export function aTransaction(changes: Partial<Transaction> = {}): Transaction {
  return {
    id: drawTransactionId(random),
    status: 'pending',
    browser: aDigest(),
    csrf: aDigest(),
    clientId: aClientId('client-a'),
    redirectUri: 'https://client.example/cb',
    state: 'xyz',
    challenge: digest('a verifier that is long enough to be one of them'),
    scope: ['orders:read', 'tickets:read'],
    resource: 'https://mcp.example/mcp',
    expires: 1_000_600,
    upstream: undefined,
    agreed: undefined,
    finishedBy: undefined,
    ...changes,
  };
}

export function aGrant(changes: Partial<Grant> = {}): Grant {
  return {
    id: drawGrantId(random),
    status: 'code',
    clientId: aClientId('client-a'),
    subject: 'ada',
    roles: ['editor'],
    tenant: 'north',
    scope: ['orders:read'],
    resource: 'https://mcp.example/mcp',
    redirectUri: 'https://client.example/cb',
    challenge: digest('a verifier that is long enough to be one of them'),
    code: aDigest(),
    codeExpires: 1_000_060,
    familySecret: aDigest(),
    family: undefined,
    expires: 1_000_600,
    ...changes,
  };
}

export type SigningKey = { readonly signer: Signer; readonly publicKey: PublicKey };

/** An ES256 key in this process, with the thumbprint of RFC 7638 as its id. */
export async function aSigningKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk: JsonWebKey = createPublicKey(privateKey).export({ format: 'jwk' });
  const { x = '', y = '' } = jwk;
  const kid = await calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x, y });
  return {
    signer: { kid, sign: async (input) => sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }) },
    publicKey: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
  };
}

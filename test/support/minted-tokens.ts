import { randomUUID } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { createKmsSigner } from '../../functions/adapters/kms-signer.ts';
import type { PublicKey } from '../../functions/core/oauth/public-keys.ts';
import type { Cloud } from '../../infra/local/cloud.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';

type Members = Readonly<Record<string, unknown>>;

/** Makes a token with the deployment's own key, right in everything but the changes; `undefined` leaves a member out. */
export type MintToken = (claims?: Members, header?: Members) => Promise<string>;

/**
 * Tokens that only the token function could sign, and never would: made with its role and its key, so that what refuses
 * them is not the signature.
 */
export function mintOf(cloud: Cloud): MintToken {
  const its = variablesOf(cloud, 'token');
  const { keys } = JSON.parse(its.TOKEN_KEYS ?? '{}') as { readonly keys: readonly PublicKey[] };
  const kid = keys[0]?.kid ?? '';
  const kms = new KMSClient(clientOptionsOf(cloud, 'token'));
  const signer = createKmsSigner(kms, its.TOKEN_SIGNING_KEY_ARN ?? '', kid);
  return async (claims = {}, header = {}) => {
    const now = nowSeconds();
    const good = {
      iss: cloud.issuer,
      aud: cloud.mcpUrl,
      sub: 'ada',
      client_id: 'client-a',
      scope: 'orders:read tickets:read tickets:write',
      iat: now,
      exp: now + 600,
      jti: randomUUID(),
      roles: ['editor'],
      tenant: 'north',
    };
    const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid, ...header })}.${encode({ ...good, ...claims })}`;
    return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url')}`;
  };
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Members;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

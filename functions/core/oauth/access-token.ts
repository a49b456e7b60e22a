import type { Random, Seconds, Signer } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Grant } from './grant.ts';
import { ACCESS_TOKEN } from './lifetimes.ts';

/** The claims of an access token (RFC 9068 section 2.2), and the two by which this server decides. No personal data. */
export type AccessTokenClaims = {
  readonly iss: string;
  /** Exactly one string: a token good at two places is a token one of them can use at the other. */
  readonly aud: string;
  readonly sub: string;
  readonly client_id: string;
  readonly scope: string;
  readonly iat: Seconds;
  readonly exp: Seconds;
  readonly jti: string;
  readonly roles: readonly string[];
  readonly tenant?: string;
};

export type SigningUnavailable = { readonly reason: 'signing-unavailable'; readonly detail: string };

/** A token never outlives the family it comes from. */
export function accessTokenClaims(
  grant: Pick<Grant, 'subject' | 'clientId' | 'roles' | 'tenant' | 'resource'>,
  scope: readonly string[],
  issuer: string,
  absoluteExpires: Seconds,
  now: Seconds,
  random: Random,
): AccessTokenClaims {
  return {
    iss: issuer,
    aud: grant.resource,
    sub: grant.subject,
    client_id: grant.clientId,
    scope: scope.join(' '),
    iat: now,
    exp: Math.min(now + ACCESS_TOKEN, absoluteExpires),
    jti: random(16).toString('base64url'),
    roles: grant.roles,
    ...(grant.tenant === undefined ? {} : { tenant: grant.tenant }),
  };
}

/**
 * The claims as a signed JWS in compact form (RFC 7515 section 3.1), `at+jwt` so that no other kind of token is taken
 * for one (RFC 9068 section 2.1). A signer that fails is a refusal like any other: nothing has been written yet, so the
 * same request may succeed in a moment.
 */
export async function signAccessToken(
  signer: Signer,
  claims: AccessTokenClaims,
): Promise<Result<string, SigningUnavailable>> {
  const header = { alg: 'ES256', typ: 'at+jwt', kid: signer.kid };
  const input = `${encode(header)}.${encode(claims)}`;
  try {
    const signature = await signer.sign(Buffer.from(input, 'ascii'));
    return ok(`${input}.${Buffer.from(signature).toString('base64url')}`);
  } catch (error) {
    return refuse({ reason: 'signing-unavailable', detail: String(error) });
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

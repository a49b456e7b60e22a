import { createPublicKey } from 'node:crypto';
import { JwtVerifier } from 'aws-jwt-verify';
import {
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidIssuerError,
  JwtInvalidSignatureError,
  JwtNotBeforeError,
} from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import type { PublicKey } from '../core/oauth/public-keys.ts';
import type { Clock } from '../core/ports.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { TokenRefusal, VerifiedToken, VerifyToken } from '../core/tools/token.ts';

export type TokenSettings = {
  readonly issuer: string;
  /** The resource's own identifier: the one audience a token may have (RFC 8707, RFC 9068 section 4). */
  readonly audience: string;
  readonly keys: readonly PublicKey[];
  readonly clock: Clock;
};

/** Clocks of two functions may differ by this much. It never lengthens a token's life: `exp` gets no tolerance. */
const SKEW_SECONDS = 30;
/** We issue tokens of ten minutes. One that claims a day was not made by us, whoever signed it. */
const LONGEST_LIFE_SECONDS = 3600;
const LONGEST_TOKEN = 8192;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Verifies access tokens offline, as RFC 9068 section 4 asks, with aws-jwt-verify and the checks it leaves to its caller:
 * `typ`, one exact audience, `client_id`, the lifetime, canonical encoding.
 *
 * @throws Error when there is no usable key: a function that cannot verify does not start.
 */
export function createTokenVerifier({ issuer, audience, keys, clock }: TokenSettings): VerifyToken {
  if (keys.length === 0) throw new Error('no key to verify access tokens with: TOKEN_KEYS is empty');
  for (const key of keys) createPublicKey({ key: { ...key }, format: 'jwk' });

  const known = new Set(keys.map(({ kid }) => kid));
  const verifier = JwtVerifier.create(
    { issuer, audience, graceSeconds: SKEW_SECONDS },
    { jwksCache: new SimpleJwksCache({ fetcher: { fetch: neverFetch } }) },
  );
  verifier.cacheJwks({ keys: keys.map((key) => ({ ...key })) });

  return (token) => {
    const header = headerOf(token);
    if (!header) return refuse({ reason: 'malformed' });
    if (header.alg !== 'ES256') return refuse({ reason: 'wrong-algorithm' });
    if (header.typ !== 'at+jwt') return refuse({ reason: 'wrong-type' });
    // RFC 7515 section 4.1.11: an extension we do not understand, and we understand none, makes the token invalid.
    if ('crit' in header) return refuse({ reason: 'malformed' });
    if (typeof header.kid !== 'string' || !known.has(header.kid)) return refuse({ reason: 'unknown-key' });
    try {
      return judge(verifier.verifySync(token) as Claims, audience, clock.seconds());
    } catch (error) {
      return refuse(reasonOf(error, clock.seconds()));
    }
  };
}

async function neverFetch(): Promise<never> {
  throw new Error('keys are delivered at deployment and never fetched');
}

/** The header, when the token has the one shape that we issue. Base64url has exactly one spelling of any bytes here. */
function headerOf(token: string): Claims | undefined {
  if (token.length > LONGEST_TOKEN) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  if (parts.some((part) => part === '' || Buffer.from(part, 'base64url').toString('base64url') !== part)) {
    return undefined;
  }
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && !Array.isArray(header) ? (header as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, now: number): TokenRefusal {
  if (error instanceof JwtInvalidSignatureError) return { reason: 'bad-signature' };
  if (error instanceof JwtInvalidIssuerError) return { reason: 'wrong-issuer' };
  if (error instanceof JwtInvalidAudienceError) return { reason: 'wrong-audience' };
  if (error instanceof JwtExpiredError)
    return { reason: 'expired', expires: Number(error.failedAssertion.actual), now };
  if (error instanceof JwtNotBeforeError) {
    return { reason: 'not-yet-valid', claim: 'nbf', from: Number(error.failedAssertion.actual), now };
  }
  return { reason: 'malformed' };
}

/** The claims of a token whose signature, issuer and audience membership already hold. */
function judge(claims: Claims, audience: string, now: number): Result<VerifiedToken, TokenRefusal> {
  const { exp, iat, nbf, aud, sub, client_id: clientId, jti, scope, roles = [], tenant } = claims;
  if (aud !== audience) return refuse({ reason: 'wrong-audience' });
  if (!isTime(exp)) return refuse({ reason: 'bad-claim', claim: 'exp' });
  if (exp <= now) return refuse({ reason: 'expired', expires: exp, now });
  if (exp > now + LONGEST_LIFE_SECONDS) return refuse({ reason: 'lives-too-long', expires: exp, now });
  if (!isTime(iat)) return refuse({ reason: 'bad-claim', claim: 'iat' });
  if (iat > now + SKEW_SECONDS) return refuse({ reason: 'not-yet-valid', claim: 'iat', from: iat, now });
  if (nbf !== undefined && !isTime(nbf)) return refuse({ reason: 'bad-claim', claim: 'nbf' });
  if (nbf !== undefined && nbf > now + SKEW_SECONDS) {
    return refuse({ reason: 'not-yet-valid', claim: 'nbf', from: nbf, now });
  }
  if (!isText(sub)) return refuse({ reason: 'bad-claim', claim: 'sub' });
  if (!isText(clientId)) return refuse({ reason: 'bad-claim', claim: 'client_id' });
  if (!isText(jti)) return refuse({ reason: 'bad-claim', claim: 'jti' });
  if (typeof scope !== 'string') return refuse({ reason: 'bad-claim', claim: 'scope' });
  if (!Array.isArray(roles) || !roles.every(isText)) return refuse({ reason: 'bad-claim', claim: 'roles' });
  if (tenant !== undefined && !isText(tenant)) return refuse({ reason: 'bad-claim', claim: 'tenant' });
  const scopes = new Set(scope.split(' ').filter((word) => word !== ''));
  return ok({ caller: { subject: sub, clientId, scopes, roles, tenant, tokenId: jti }, expires: exp });
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

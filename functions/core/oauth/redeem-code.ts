import { ok, type Result, refuse } from '../result.ts';
import { digest, sameDigest } from './digest.ts';
import type { TokenRefusal } from './errors.ts';
import { absoluteEnd, codeDigest, type Grant, idleEnd } from './grant.ts';
import { ACCESS_TOKEN } from './lifetimes.ts';
import { verifierMatches } from './pkce.ts';
import {
  type Check,
  firstRefusal,
  grantIsForThisResource,
  grantIsOfThisClient,
  type IssuedTokens,
  type Presented,
  presentGrant,
  refuseAndRevoke,
  signFor,
  type TokenPorts,
} from './present-grant.ts';
import type { ConditionFailed, Redemption } from './store.ts';
import type { CodeRequest } from './token-request.ts';
import { drawTokenString, writeTokenString } from './token-string.ts';

/**
 * The authorization code grant (OAuth 2.1 section 4.1.3). A code is good once, for a minute, for the client, redirect
 * URI, challenge and resource it was made for.
 *
 * A replay ends the grant, but only with the right verifier: a code alone leaks easily (history, logs, referrers), and
 * whoever finds one must not be able to log somebody out with it.
 */
export async function redeemCode(ports: TokenPorts, request: CodeRequest): Promise<Result<IssuedTokens, TokenRefusal>> {
  const presented = await presentGrant(ports, request, request.code);
  if (!presented.ok) return presented;
  const facts: CodeFacts = { ...presented.value, request };
  const { client, grant, token, now } = facts;

  const refusal = firstRefusal(CODE_POLICY, facts);
  if (refusal?.reason === 'code-replayed') return refuseAndRevoke(ports, grant, refusal);
  if (refusal !== undefined) return refuse(refusal);

  const refreshes = client.grantTypes.includes('refresh_token');
  const absoluteExpires = refreshes ? absoluteEnd(now) : now + ACCESS_TOKEN;
  const signed = await signFor(ports, grant, grant.scope, absoluteExpires, now);
  if (!signed.ok) return signed;

  const next = drawTokenString(grant.id, ports.random);
  const redemption: Redemption = {
    familySecret: digest(next.familySecret),
    current: digest(next.rotatingSecret),
    idleExpires: idleEnd(now, absoluteExpires),
    absoluteExpires,
  };
  const written = await ports.grants.redeem(grant.id, { now, code: codeDigest(token) }, redemption);
  if (!written.ok) {
    if (written.error.reason !== 'condition-failed') return refuse(written.error);
    const lost = lostRace(written.error, grant, redemption, facts);
    if (lost?.reason === 'code-replayed') return refuseAndRevoke(ports, grant, lost);
    if (lost !== undefined) return refuse(lost);
  }
  const refreshToken = refreshes ? writeTokenString(next) : undefined;
  return ok({ ...signed.value, scope: grant.scope, refreshToken, client, grant });
}

type CodeFacts = Presented & { readonly request: CodeRequest };

const codeIsTheOneIssued: Check<CodeFacts> = ({ grant, token }) =>
  sameDigest(grant.code, codeDigest(token)) ? undefined : { reason: 'code-wrong', grantId: grant.id };

/** OAuth 2.1 clients send none, OAuth 2.0 clients do; sent, it must be the one the code went to. */
const redirectUriIsTheSame: Check<CodeFacts> = ({ grant, request }) =>
  request.redirectUri === undefined || request.redirectUri === grant.redirectUri
    ? undefined
    : { reason: 'redirect-uri-differs', grantId: grant.id };

const verifierFitsTheChallenge: Check<CodeFacts> = ({ grant, request }) =>
  verifierMatches(request.verifier, grant.challenge) ? undefined : { reason: 'verifier-wrong', grantId: grant.id };

const codeIsUnspent: Check<CodeFacts> = ({ grant }) => {
  if (grant.status === 'revoked') return { reason: 'grant-revoked', grantId: grant.id };
  return grant.status === 'active' ? { reason: 'code-replayed', grantId: grant.id } : undefined;
};

const codeIsInTime: Check<CodeFacts> = ({ grant, now }) =>
  grant.codeExpires > now ? undefined : { reason: 'code-expired', grantId: grant.id, expires: grant.codeExpires, now };

const CODE_POLICY: readonly Check<CodeFacts>[] = [
  grantIsOfThisClient,
  codeIsTheOneIssued,
  redirectUriIsTheSame,
  grantIsForThisResource,
  verifierFitsTheChallenge,
  codeIsUnspent,
  codeIsInTime,
];

/**
 * Why the write found its condition false. If the item already holds the digest of the secret drawn for this request,
 * the write was ours and its answer got lost on the way: the SDK repeated it, and that is success.
 */
function lostRace(
  { found }: ConditionFailed<Grant>,
  grant: Grant,
  ours: Redemption,
  facts: CodeFacts,
): TokenRefusal | undefined {
  if (found === undefined) return { reason: 'grant-unknown', grantId: grant.id };
  if (found.family?.current === ours.current) return undefined;
  return (
    codeIsUnspent({ ...facts, grant: found }) ??
    codeIsInTime({ ...facts, grant: found }) ?? {
      reason: 'code-wrong',
      grantId: grant.id,
    }
  );
}

import { ok, type Result, refuse } from '../result.ts';
import { digest, sameDigest } from './digest.ts';
import type { TokenRefusal } from './errors.ts';
import { type Family, type Grant, idleEnd, type Superseded } from './grant.ts';
import { drawSecret } from './identifiers.ts';
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
import { narrowScope } from './scope.ts';
import { seal, unseal } from './seal.ts';
import type { ConditionFailed, Rotation } from './store.ts';
import type { RefreshRequest } from './token-request.ts';
import { writeTokenString } from './token-string.ts';

/**
 * The refresh token grant (RFC 6749 section 6), with rotation and reuse detection (RFC 9700 section 4.14.2).
 *
 * The family secret says that the caller once held a token of this family; a rotating secret that is not the current one
 * then means that somebody kept an old token. Two things look the same and are not theft: an answer that got lost and
 * two refreshes at once. Inside the grace period both get the successor that exists, never a second one.
 */
export async function rotateRefreshToken(
  ports: TokenPorts,
  request: RefreshRequest,
): Promise<Result<IssuedTokens, TokenRefusal>> {
  const presented = await presentGrant(ports, request, request.refreshToken);
  if (!presented.ok) return presented;
  const { client, grant, token, now } = presented.value;

  const refusal = firstRefusal(REFRESH_POLICY, presented.value);
  if (refusal !== undefined) return refuse(refusal);
  const { family } = grant;
  if (family === undefined) return refuse({ reason: 'family-wrong', grantId: grant.id });

  const standing = standingOf(digest(token.rotatingSecret), family, now, ports.refreshGrace);
  if (standing.is === 'stale') return refuseAndRevoke(ports, grant, reused(grant, family));
  const end = endOf(grant, family, now);
  if (end !== undefined) return refuse(end);
  const scope = narrowScope(presented.value.scope, grant.scope);
  if (!scope.ok) return scope;

  const signed = await signFor(ports, grant, scope.value, family.absoluteExpires, now);
  if (!signed.ok) return signed;
  const issue = (rotatingSecret: string): Result<IssuedTokens, TokenRefusal> => {
    const refreshToken = writeTokenString({ ...token, rotatingSecret });
    return ok({ ...signed.value, scope: scope.value, refreshToken, client, grant });
  };
  if (standing.is === 'superseded') return successor(standing.by, presented.value, issue);

  const rotatingSecret = drawSecret(ports.random);
  const rotation: Rotation = {
    current: digest(rotatingSecret),
    superseded: {
      secret: family.current,
      successor: seal(rotatingSecret, token.rotatingSecret, grant.id, ports.random),
      at: now,
    },
    idleExpires: idleEnd(now, family.absoluteExpires),
  };
  const written = await ports.grants.rotate(grant.id, { now, current: family.current }, rotation);
  if (written.ok) return issue(rotatingSecret);
  if (written.error.reason !== 'condition-failed') return refuse(written.error);
  return afterLostRace(ports, written.error, presented.value, rotation, rotatingSecret, issue);
}

const clientMayRefresh: Check<Presented> = ({ client }) =>
  client.grantTypes.includes('refresh_token')
    ? undefined
    : { reason: 'grant-type-not-registered', clientId: client.id, grantType: 'refresh_token' };

const callerHeldTheFamily: Check<Presented> = ({ grant, token }) =>
  sameDigest(grant.familySecret, digest(token.familySecret))
    ? undefined
    : { reason: 'family-wrong', grantId: grant.id };

/** A code presented as a refresh token knows the family secret of an unredeemed grant, and has no family. */
const grantIsActive: Check<Presented> = ({ grant }) => {
  if (grant.status === 'revoked') return { reason: 'grant-revoked', grantId: grant.id };
  return grant.status === 'active' ? undefined : { reason: 'family-wrong', grantId: grant.id };
};

const REFRESH_POLICY: readonly Check<Presented>[] = [
  clientMayRefresh,
  grantIsOfThisClient,
  callerHeldTheFamily,
  grantIsForThisResource,
  grantIsActive,
];

type Standing =
  | { readonly is: 'current' }
  | { readonly is: 'superseded'; readonly by: Superseded }
  | { readonly is: 'stale' };

function standingOf(secret: string, family: Family, now: number, grace: number): Standing {
  if (sameDigest(family.current, secret)) return { is: 'current' };
  const { superseded } = family;
  if (superseded === undefined || !sameDigest(superseded.secret, secret)) return { is: 'stale' };
  return superseded.at + grace > now ? { is: 'superseded', by: superseded } : { is: 'stale' };
}

function endOf(grant: Grant, family: Family, now: number): TokenRefusal | undefined {
  if (family.absoluteExpires <= now) return { reason: 'family-expired', grantId: grant.id, end: 'absolute' };
  if (family.idleExpires <= now) return { reason: 'family-expired', grantId: grant.id, end: 'idle' };
  return undefined;
}

function reused(grant: Grant, family: Family): TokenRefusal {
  return { reason: 'refresh-token-reused', grantId: grant.id, generation: family.generation };
}

type Issue = (rotatingSecret: string) => Result<IssuedTokens, TokenRefusal>;

/** The successor that exists, opened with the token it replaced. */
function successor(by: Superseded, { grant, token }: Presented, issue: Issue): Result<IssuedTokens, TokenRefusal> {
  const rotatingSecret = unseal(by.successor, token.rotatingSecret, grant.id);
  return rotatingSecret === undefined
    ? refuse({ reason: 'successor-unreadable', grantId: grant.id })
    : issue(rotatingSecret);
}

/**
 * Somebody else's write came between our read and ours, or ours was applied and its answer got lost. Ours: success.
 * Another refresh of the same token, inside the grace period: its successor. Anything else: a token used twice.
 */
async function afterLostRace(
  ports: TokenPorts,
  { found }: ConditionFailed<Grant>,
  presented: Presented,
  ours: Rotation,
  rotatingSecret: string,
  issue: Issue,
): Promise<Result<IssuedTokens, TokenRefusal>> {
  const { grant } = presented;
  if (found === undefined) return refuse({ reason: 'grant-unknown', grantId: grant.id });
  if (found.status === 'revoked') return refuse({ reason: 'grant-revoked', grantId: grant.id });
  if (found.family === undefined) return refuse({ reason: 'family-wrong', grantId: grant.id });
  if (found.family.current === ours.current) return issue(rotatingSecret);
  const now = ports.clock.seconds();
  const standing = standingOf(ours.superseded.secret, found.family, now, ports.refreshGrace);
  if (standing.is === 'superseded') return successor(standing.by, presented, issue);
  if (standing.is === 'stale') return refuseAndRevoke(ports, grant, reused(grant, found.family));
  return refuse(endOf(grant, found.family, now) ?? { reason: 'family-wrong', grantId: grant.id });
}

import * as z from 'zod/mini';
import type { Family, Grant } from '../core/oauth/grant.ts';
import { type GrantId, parseClientId } from '../core/oauth/identifiers.ts';
import { isChallenge } from '../core/oauth/pkce.ts';
import type { ItemCorrupt } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { faultsOf, type Item, L, N, number, oneOf, present, S, string, strings } from './dynamodb-item.ts';

/**
 * The item of a grant. `st` code | active | revoked. `ch` digest of the code's secrets, `cexp` its end. `fh` digest of
 * the family secret. Once redeemed: `rt` digest of the current rotating secret, `gen` how often it rotated, `idle` and
 * `abs` the ends of the family; once rotated also `prev`, the digest before, `succ`, its successor sealed under it, and
 * `rotAt`. The size does not depend on how often it rotated.
 */
export function grantKey(id: GrantId): string {
  return `GRANT#${id}`;
}

export function grantItem(grant: Grant): Item {
  const { family, tenant } = grant;
  return present({
    pk: string(grantKey(grant.id)),
    st: string(grant.status),
    cid: string(grant.clientId),
    sub: string(grant.subject),
    roles: strings(grant.roles),
    tenant: tenant === undefined ? undefined : string(tenant),
    scope: strings(grant.scope),
    res: string(grant.resource),
    uri: string(grant.redirectUri),
    chal: string(grant.challenge),
    ch: string(grant.code),
    cexp: number(grant.codeExpires),
    fh: string(grant.familySecret),
    rt: family && string(family.current),
    prev: family?.superseded && string(family.superseded.secret),
    succ: family?.superseded && string(family.superseded.successor),
    rotAt: family?.superseded && number(family.superseded.at),
    gen: family && number(family.generation),
    idle: family && number(family.idleExpires),
    abs: family && number(family.absoluteExpires),
    exp: number(grant.expires),
    ttl: number(grant.expires),
  });
}

const Stored = z.object({
  st: oneOf(['code', 'active', 'revoked']),
  cid: S,
  sub: S,
  roles: L,
  tenant: z.optional(S),
  scope: L,
  res: S,
  uri: S,
  chal: S,
  ch: S,
  cexp: N,
  fh: S,
  rt: z.optional(S),
  prev: z.optional(S),
  succ: z.optional(S),
  rotAt: z.optional(N),
  gen: z.optional(N),
  idle: z.optional(N),
  abs: z.optional(N),
  exp: N,
});

/** A grant without a challenge, or an active one without a family, was never written by this server: refused, not repaired. */
export function readGrant(id: GrantId, item: Item): Result<Grant, ItemCorrupt> {
  const corrupt = (detail: string) => refuse({ reason: 'item-corrupt', item: 'grant', id, detail });
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return corrupt(faultsOf(parsed.error));
  const stored = parsed.data;
  const clientId = parseClientId(stored.cid);
  if (clientId === undefined) return corrupt('cid');
  if (!isChallenge(stored.chal)) return corrupt('chal');
  const family = familyOf(stored);
  if (stored.st === 'active' && family === undefined) return corrupt('rt, gen, idle, abs');
  return ok({
    id,
    status: stored.st,
    clientId,
    subject: stored.sub,
    roles: stored.roles,
    tenant: stored.tenant,
    scope: stored.scope,
    resource: stored.res,
    redirectUri: stored.uri,
    challenge: stored.chal,
    code: stored.ch,
    codeExpires: stored.cexp,
    familySecret: stored.fh,
    family,
    expires: stored.exp,
  });
}

function familyOf({ rt, prev, succ, rotAt, gen, idle, abs }: z.infer<typeof Stored>): Family | undefined {
  if (rt === undefined || gen === undefined || idle === undefined || abs === undefined) return undefined;
  const rotated = prev !== undefined && succ !== undefined && rotAt !== undefined;
  const superseded = rotated ? { secret: prev, successor: succ, at: rotAt } : undefined;
  return { current: rt, superseded, generation: gen, idleExpires: idle, absoluteExpires: abs };
}

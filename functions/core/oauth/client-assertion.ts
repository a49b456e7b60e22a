import * as z from 'zod/mini';
import type { Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { ClientKey } from './cimd/client-keys.ts';
import type { Client } from './client.ts';
import type { ClientId } from './identifiers.ts';
import type { StoreUnavailable } from './store.ts';

/**
 * `private_key_jwt`: a client proves itself with a JWT it signed (RFC 7523 sections 2.2 and 3). Keys are those of its
 * registry entry or of its document; nothing is fetched here.
 */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The official MCP client's assertions live five minutes; longer ones would have to be remembered for longer. */
const LONGEST: Seconds = 300;
const SKEW: Seconds = 30;
const MAX_JTI = 256;

const Claimed = z.object({ sub: z.string() });

export type AssertionFault =
  | 'type'
  | 'no-keys'
  | 'signature'
  | 'issuer'
  | 'subject'
  | 'audience'
  | 'expired'
  | 'lives-too-long'
  | 'not-yet-valid'
  | 'jti'
  | 'replayed';

export type AssertionRefusal = {
  readonly reason: 'assertion-refused';
  readonly clientId: string;
  readonly fault: AssertionFault;
};

export type AssertionClaims = Readonly<Record<string, unknown>>;

export type Assertions = {
  /** Marks a `jti` of a client as used. Condition: `attribute_not_exists(pk) OR exp < now`. */
  readonly spend: (
    clientId: ClientId,
    jti: string,
    now: Seconds,
    expires: Seconds,
  ) => Promise<Result<'spent' | 'replayed', StoreUnavailable>>;
};

export type AssertionPorts = {
  readonly issuer: string;
  readonly assertions: Assertions;
  /** The claims, if one of these keys signed them with the algorithm it is for; nothing of them is checked yet. */
  readonly openAssertion: (assertion: string, keys: readonly ClientKey[]) => Promise<AssertionClaims | undefined>;
};

/** The client, once its assertion holds. Marking the `jti` is the last step: what is refused may be sent again mended. */
export async function verifyAssertion(
  ports: AssertionPorts,
  client: Client,
  { assertion, assertionType }: { readonly assertion: string; readonly assertionType: string | undefined },
  now: Seconds,
): Promise<Result<Client, AssertionRefusal | StoreUnavailable>> {
  const refused = (fault: AssertionFault) => refuse({ reason: 'assertion-refused', clientId: client.id, fault });
  if (assertionType !== ASSERTION_TYPE) return refused('type');
  const { keys = [] } = client;
  if (keys.length === 0) return refused('no-keys');
  const claims = await ports.openAssertion(assertion, keys);
  if (claims === undefined) return refused('signature');
  const fault = faultOf(claims, client.id, ports.issuer, now);
  if (fault !== undefined) return refused(fault);

  const { jti, exp } = claims as { readonly jti: string; readonly exp: number };
  const spent = await ports.assertions.spend(client.id, jti, now, Math.ceil(exp) + SKEW);
  if (!spent.ok) return spent;
  return spent.value === 'spent' ? ok(client) : refused('replayed');
}

/**
 * The client id in an assertion that nobody verified yet: RFC 7521 section 4.2 lets `client_id` be absent beside an
 * assertion. It says which keys to verify with, and nothing else.
 */
export function claimedClientId(assertion: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return z.safeParse(Claimed, claims).data?.sub;
  } catch {
    return undefined;
  }
}

function faultOf(claims: AssertionClaims, clientId: string, issuer: string, now: Seconds): AssertionFault | undefined {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  if (iss !== clientId) return 'issuer';
  if (sub !== clientId) return 'subject';
  if (!isForUs(aud, issuer)) return 'audience';
  if (!isTime(exp) || exp + SKEW <= now) return 'expired';
  if (exp > now + LONGEST + SKEW) return 'lives-too-long';
  for (const begin of [nbf, iat])
    if (begin !== undefined && (!isTime(begin) || begin > now + SKEW)) return 'not-yet-valid';
  return typeof jti === 'string' && jti !== '' && jti.length <= MAX_JTI ? undefined : 'jti';
}

/** RFC 7523 section 3, item 3: this server by its issuer or its token endpoint, and nobody else beside it. */
function isForUs(aud: unknown, issuer: string): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.length > 0 && named.every((each) => each === issuer || each === `${issuer}/token`);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

import * as z from 'zod/mini';
import type { IdentityRefused, IdentityUnavailable } from '../core/oauth/errors.ts';
import type { Identity } from '../core/oauth/grant.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { boundedFetch } from './bounded-fetch.ts';

/**
 * Who somebody is in their WorkOS organisation, from their membership.
 *
 * A Connect application's ID token says who signed in and no more; its access token says which organisation they chose
 * (`org_id`) and no role (https://workos.com/docs/reference/workos-connect/token). The role is in the membership
 * (https://workos.com/docs/reference/authkit/organization-membership).
 *
 * One GET by our own bounded fetch and not by `@workos-inc/node`: the SDK is one module that cannot be shaken, 190 KB
 * minified where this function has 400 KB for everything, it repeats requests by itself, and a deadline that it shares
 * with others cannot be given to it.
 */
export type Memberships = {
  /** Role and tenant of an identity that lacks one of them; an identity that has both is returned as it is. */
  readonly complete: (
    identity: Identity,
    organisation: string | undefined,
  ) => Promise<Result<Identity, IdentityRefused | IdentityUnavailable>>;
};

export type MembershipSettings = {
  /** `https://api.workos.com`, but for the local run. */
  readonly apiUrl: string;
  /** Read when it is first needed, and again after the API refused it. */
  readonly readApiKey: () => Promise<string>;
};

const role = z.object({ slug: z.string() });
const membershipList = z.object({
  data: z.array(
    z.object({
      user_id: z.string(),
      organization_id: z.string(),
      status: z.string(),
      role: z.optional(z.nullable(role)),
      roles: z.optional(z.nullable(z.array(role))),
    }),
  ),
});
type Membership = z.output<typeof membershipList>['data'][number];

/**
 * Nobody without exactly one active membership gets a role: with none there is no role, and of several nobody can say
 * which one was meant. Every failure is a refusal, and none of them quotes the API key or what the API wrote.
 */
export function createMemberships({ apiUrl, readApiKey }: MembershipSettings): Memberships {
  let known: Promise<string> | undefined;
  const ask = async (user: string, organisation: string | undefined): Promise<readonly Membership[]> => {
    known ??= readApiKey();
    const pending = known;
    const forget = () => {
      if (known === pending) known = undefined;
    };
    const key = await pending.catch((error: unknown) => {
      forget();
      throw error;
    });
    // Checked here because the platform's own complaint about a header quotes it.
    if (!/^[\x21-\x7e]+$/.test(key)) throw new Error('the secret of the WorkOS API key holds no API key');
    const url = new URL('/user_management/organization_memberships', apiUrl);
    url.searchParams.set('user_id', user);
    if (organisation !== undefined) url.searchParams.set('organization_id', organisation);
    url.searchParams.set('statuses', 'active');
    const headers = { authorization: `Bearer ${key}`, accept: 'application/json' };
    const answer = await boundedFetch(url.href, { method: 'GET', headers, body: undefined, redirect: 'manual' });
    if (answer.status === 401 || answer.status === 403) forget();
    if (answer.status !== 200) throw new Error(`the WorkOS API answered ${answer.status}`);
    const list = z.safeParse(membershipList, await answer.json().catch(() => undefined));
    if (!list.success) throw new Error('the WorkOS API answered with no list of memberships');
    return list.data.data;
  };

  return {
    complete: async (identity, organisation) => {
      const { subject, tenant } = identity;
      if (identity.roles.length > 0 && tenant !== undefined) return ok(identity);
      const listed = await ask(subject, organisation);
      // What was asked for is checked again: a filter that the API did not know would let everybody through.
      const active = listed.filter(
        (each) =>
          each.status === 'active' &&
          each.user_id === subject &&
          (organisation === undefined || each.organization_id === organisation),
      );
      const [membership, another] = active;
      if (another !== undefined) return refuse({ reason: 'identity-refused', detail: ambiguous(active, organisation) });
      if (membership === undefined) return ok({ subject, roles: [], tenant });
      return ok({ subject, roles: slugsOf(membership), tenant: tenant ?? membership.organization_id });
    },
  };
}

/** `roles` where an environment has multiple roles; `role` is the first of them, or the only one. */
function slugsOf(membership: Membership): string[] {
  const all = [membership.role, ...(membership.roles ?? [])].map((each) => each?.slug ?? '');
  return [...new Set(all)].filter((slug) => slug !== '');
}

function ambiguous(active: readonly Membership[], organisation: string | undefined): string {
  const many = `${active.length} active WorkOS memberships`;
  return organisation === undefined ? `${many}, and the tokens name no organisation` : `${many} in one organisation`;
}

/**
 * The organisation that somebody chose at WorkOS, from the access token that came with their ID token. Unverified, and
 * need not be: it came from the token endpoint itself, and it only narrows what the API is asked. The membership decides.
 */
export function organisationIn(accessToken: string, subject: string): string | undefined {
  try {
    const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8');
    const claims: unknown = JSON.parse(payload);
    const parsed = z.safeParse(z.object({ sub: z.literal(subject), org_id: z.string().check(z.minLength(1)) }), claims);
    return parsed.success ? parsed.data.org_id : undefined;
  } catch {
    return undefined;
  }
}

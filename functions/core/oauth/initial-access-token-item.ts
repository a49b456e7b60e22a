import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../result.ts';
import { type Attribute, L, N, number, present, S, string, strings } from './attributes.ts';
import type { InitialAccessToken, InitialAccessTokenId } from './initial-access-token.ts';

/**
 * The item `TOKEN#<id>` of the registry: `h` digest of the secret, `scope` the ceiling, `exp` the end and `ttl` the same
 * for the table's own cleaning; where the uses are counted, `uses` how many there are, and `by` the set of the ids of the
 * clients that took one. The operator's command writes it, `register` reads it and adds to `by`.
 */
const INITIAL_ACCESS_TOKEN_KEY = 'TOKEN#';

export function initialAccessTokenKey(id: InitialAccessTokenId): string {
  return `${INITIAL_ACCESS_TOKEN_KEY}${id}`;
}

export function initialAccessTokenItem(token: InitialAccessToken): Record<string, Attribute> {
  return present<Attribute>({
    pk: string(initialAccessTokenKey(token.id)),
    h: string(token.secret),
    scope: token.ceiling === undefined ? undefined : strings(token.ceiling),
    uses: token.uses === undefined ? undefined : number(token.uses),
    exp: number(token.expires),
    ttl: number(token.expires),
  });
}

const Stored = z.object({ h: S, scope: z.optional(L), uses: z.optional(N), exp: N });

export function readInitialAccessTokenItem(
  id: InitialAccessTokenId,
  item: Readonly<Record<string, unknown>>,
): Result<InitialAccessToken, { readonly reason: 'unreadable' }> {
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return refuse({ reason: 'unreadable' });
  const { h, scope, uses, exp } = parsed.data;
  return ok({ id, secret: h, ceiling: scope, uses, expires: exp });
}

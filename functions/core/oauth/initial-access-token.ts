import type { Clock, Random, Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { type Digest, digest, sameDigest } from './digest.ts';
import { type ClientId, drawSecret } from './identifiers.ts';
import type { StoreUnavailable } from './store.ts';

/**
 * Initial access tokens (RFC 7591 section 3): what the operator hands to somebody whose client may register.
 *
 * A token is `id.secret`. The id finds the item and is no secret, so that an invitation can be named and taken back;
 * the secret has 256 bits, and only its SHA-256 is kept. A token is good until it expires. The operator may also say
 * how many clients may come with it; one that registers again, as hosted clients do at every connect, is still the same
 * client (its id is a digest of its metadata) and takes no further use.
 */
export type InitialAccessToken = {
  readonly id: InitialAccessTokenId;
  readonly secret: Digest;
  /** The most a client that registers with it may ever have; `undefined` is every scope the server knows. */
  readonly ceiling: readonly string[] | undefined;
  /** How many clients may register with it; `undefined` is any number. */
  readonly uses?: number | undefined;
  readonly expires: Seconds;
};

declare const brand: unique symbol;
/** 128 random bits; made by its parser only, because it becomes part of a storage key. */
export type InitialAccessTokenId = string & { readonly [brand]: 'initial-access-token' };

export type InitialAccessTokens = {
  /** `undefined` when there is none, `unreadable` for an item that nobody here wrote. Strongly consistent. */
  readonly find: (
    id: InitialAccessTokenId,
  ) => Promise<Result<InitialAccessToken | undefined, StoreUnavailable | { readonly reason: 'unreadable' }>>;
  /**
   * Takes a use for this client. Condition: `exp > now AND (contains(by, client) OR attribute_not_exists(by) OR
   * size(by) < uses)`. A client that has a use keeps it: repeated, by the SDK or by the client, it changes nothing.
   */
  readonly use: (
    id: InitialAccessTokenId,
    clientId: ClientId,
    now: Seconds,
  ) => Promise<Result<'used' | 'used-up', StoreUnavailable>>;
};

export type InitialAccessRefusal =
  | { readonly reason: 'initial-access-missing' }
  | {
      readonly reason: 'initial-access-refused';
      readonly fault: 'malformed' | 'unknown' | 'unreadable' | 'wrong' | 'expired' | 'used-up';
      readonly tokenId: string | undefined;
    };

const ID = /^[A-Za-z0-9_-]{22}$/;
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

export function parseInitialAccessTokenId(text: string): InitialAccessTokenId | undefined {
  return ID.test(text) ? (text as InitialAccessTokenId) : undefined;
}

/** A new invitation: what is kept, and the one text that is handed over and never kept. */
export function drawInitialAccessToken(
  random: Random,
  terms: Pick<InitialAccessToken, 'ceiling' | 'uses' | 'expires'>,
): { readonly token: InitialAccessToken; readonly text: string } {
  const id = random(16).toString('base64url') as InitialAccessTokenId;
  const secret = drawSecret(random);
  return { token: { id, secret: digest(secret), ...terms }, text: `${id}.${secret}` };
}

/** The invitation that `presented` is, if it is one and still good. An expired item is gone while the table still has it. */
export async function checkInitialAccessToken(
  ports: { readonly clock: Clock; readonly tokens: Pick<InitialAccessTokens, 'find'> },
  presented: string | undefined,
): Promise<Result<InitialAccessToken, InitialAccessRefusal | StoreUnavailable>> {
  if (presented === undefined) return refuse({ reason: 'initial-access-missing' });
  const [, idText = '', secret = ''] = TOKEN.exec(presented) ?? [];
  const id = parseInitialAccessTokenId(idText);
  if (id === undefined) return refuse({ reason: 'initial-access-refused', fault: 'malformed', tokenId: undefined });
  const no = (fault: 'unknown' | 'unreadable' | 'wrong' | 'expired') =>
    refuse({ reason: 'initial-access-refused', fault, tokenId: id });

  const found = await ports.tokens.find(id);
  if (!found.ok) return found.error.reason === 'unreadable' ? no('unreadable') : refuse(found.error);
  const token = found.value;
  if (token === undefined) return no('unknown');
  if (!sameDigest(digest(secret), token.secret)) return no('wrong');
  return token.expires > ports.clock.seconds() ? ok(token) : no('expired');
}

/**
 * Takes one of the token's uses for a client, just before it is written. If the client is then not written after all, it
 * comes again and finds its use taken by itself. `used-up` also when the operator took the token back meanwhile.
 */
export async function useInitialAccessToken(
  ports: { readonly clock: Clock; readonly tokens: Pick<InitialAccessTokens, 'use'> },
  token: InitialAccessToken,
  clientId: ClientId,
): Promise<Result<void, InitialAccessRefusal | StoreUnavailable>> {
  if (token.uses === undefined) return ok(undefined);
  const used = await ports.tokens.use(token.id, clientId, ports.clock.seconds());
  if (!used.ok) return used;
  return used.value === 'used'
    ? ok(undefined)
    : refuse({ reason: 'initial-access-refused', fault: 'used-up', tokenId: token.id });
}

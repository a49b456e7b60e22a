/** Which requests a client makes before it has a token, in its order. */
export type Probe = 'GET' | 'initialize' | 'server/discover';

/**
 * A client as public reports describe it: the shapes it sends, not the code it runs. One value is one sequence from the
 * first request to the second tool call, or to where it is refused.
 */
export type Replay = {
  /** The row of README.md. */
  readonly client: string;
  /** What is particular about it. */
  readonly sends: string;
  /** What it meets here. */
  readonly meets: string;
  readonly probes: readonly Probe[];
  /** Well-known documents in the order it asks for them. It takes the first authorization server it finds. */
  readonly discovery: readonly string[];
  readonly registers: Registration;
  /** The redirect URI of this very login, with its port. */
  readonly redirectUri: string;
  /** `challenge`: what the 401 named. `offered`: all the authorization server names. `none`: no parameter at all. */
  readonly scope: 'challenge' | 'challenge and offline_access' | 'offered' | 'none';
  readonly prompt?: 'consent';
  readonly resource: Resource;
  /** How it proves itself at the token endpoint when it was not told to come with nothing. */
  readonly proves?: 'private_key_jwt';
  readonly speaks: Era;
  /** The origin of the web page it runs in: then everything it asks is subject to CORS. */
  readonly page?: string;
  /** Where it ends, if it is meant to. `saying` must be in what the client is told. */
  readonly refused?: { readonly at: 'registration' | 'authorization'; readonly error: string; readonly saying: string };
};

/** `server/discover, then initialize`: asks the modern question first and then talks the earlier revision. */
export type Era = '2026-07-28' | '2025-11-25' | '2025-06-18' | 'server/discover, then initialize';

/** How the `resource` parameter is written (RFC 8707), at authorization, redemption and refresh alike. */
export type Resource = 'exact' | 'with a slash' | 'origin only' | 'origin and a slash' | 'absent';

export type Registration =
  | { readonly kind: 'dcr'; readonly metadata: Metadata }
  /** A document at the client id; `signs` is how its keys at `jwks_uri` sign. */
  | { readonly kind: 'cimd'; readonly document: Metadata & { readonly client_id: string }; readonly signs?: 'RS256' };

export type Metadata = {
  readonly client_name: string;
  readonly redirect_uris: readonly string[];
  readonly [member: string]: unknown;
};

const PATH_INSERTED = '/.well-known/oauth-protected-resource/mcp';
const AUTHORIZATION_SERVER = '/.well-known/oauth-authorization-server';

/** What most of them have in common; each says where it differs. */
export const COMMON = {
  probes: ['initialize'],
  discovery: [PATH_INSERTED, AUTHORIZATION_SERVER],
  scope: 'challenge',
  resource: 'exact',
  speaks: '2025-11-25',
  meets: 'connected',
} as const satisfies Partial<Replay>;

/** The resource parameter of a request; absent has none. */
export function resourceOf(form: Resource, mcpUrl: string): { readonly resource?: string } {
  const { origin } = new URL(mcpUrl);
  const written = {
    exact: mcpUrl,
    'with a slash': `${mcpUrl}/`,
    'origin only': origin,
    'origin and a slash': `${origin}/`,
  };
  return form === 'absent' ? {} : { resource: written[form] };
}

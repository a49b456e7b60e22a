import * as openid from 'openid-client';
import type { IdentityRefused, IdentityUnavailable } from '../core/oauth/errors.ts';
import type { Identity } from '../core/oauth/grant.ts';
import type { IdentityProvider } from '../core/oauth/identity-provider.ts';
import { challengeOf } from '../core/oauth/pkce.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { boundedFetch, isLoopbackHttp, within } from './bounded-fetch.ts';
import { type ClaimNames, identityOf } from './upstream-claims.ts';
import { type Memberships, organisationIn } from './workos-memberships.ts';

export type UpstreamSettings = ClaimNames & {
  readonly kind: 'cognito' | 'workos' | 'oidc';
  /** As people know it. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Read at the first exchange, and again after the provider refused it. */
  readonly readSecret: () => Promise<string>;
  readonly redirectUri: string;
  /** Where a role is looked up that the tokens do not carry; WorkOS only. */
  readonly memberships?: Memberships | undefined;
  /** Milliseconds for everything an exchange does together; 4500 when absent. */
  readonly deadline?: number;
};

/**
 * For discovery, tokens, keys and membership together, in milliseconds. A person is waiting: with our own reads and
 * writes around it, the callback ends within five seconds whatever the provider does.
 */
const DEADLINE = 4_500;

/**
 * What to ask for. Cognito puts every attribute the client may read into the ID token when `openid` comes alone. No
 * provider is asked for `offline_access`: nothing of its tokens is kept.
 */
const SCOPES = { cognito: 'openid', workos: 'openid profile email', oidc: 'openid profile email' } as const;

/**
 * The identity provider, by openid-client: discovery, PKCE, nonce, state, `iss`, and every check of OpenID Connect Core
 * section 3.1.3.7, the signature included, though TLS would let a client skip it. Discovery is kept for the life of the
 * environment; the library fetches the provider's keys, and again when a token names one it does not know, at most once
 * a minute.
 */
export function createUpstreamIdentityProvider(settings: UpstreamSettings): IdentityProvider {
  let discovered: Promise<openid.Configuration> | undefined;
  const forget = () => {
    discovered = undefined;
  };
  const configuration = async (): Promise<openid.Configuration> => {
    discovered ??= discover(settings);
    const pending = discovered;
    try {
      return await pending;
    } catch (error) {
      if (discovered === pending) forget();
      throw error;
    }
  };

  return {
    name: settings.name,
    origins: () =>
      available(async () => {
        const { authorization_endpoint: endpoint = settings.issuer } = (await configuration()).serverMetadata();
        return [...new Set([new URL(endpoint).origin, new URL(settings.issuer).origin])];
      }),
    authorizationUrl: ({ state, nonce, verifier }) =>
      available(async () => {
        const url = openid.buildAuthorizationUrl(await configuration(), {
          redirect_uri: settings.redirectUri,
          scope: SCOPES[settings.kind],
          state,
          nonce,
          code_challenge: challengeOf(verifier),
          code_challenge_method: 'S256',
        });
        return url.href;
      }),
    exchange: async (query, { state, nonce, verifier }) => {
      try {
        return await within(settings.deadline ?? DEADLINE, async () => {
          const back = new URL(`${settings.redirectUri}?${query}`);
          const tokens = await openid.authorizationCodeGrant(await configuration(), back, {
            expectedState: state,
            expectedNonce: nonce,
            pkceCodeVerifier: verifier,
            idTokenExpected: true,
          });
          return await whoOf(tokens, settings);
        });
      } catch (error) {
        if (isOurCredential(error)) forget();
        return refuse(failureOf(error));
      }
    },
  };
}

async function whoOf(
  tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  settings: UpstreamSettings,
): Promise<Result<Identity, IdentityRefused | IdentityUnavailable>> {
  const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
  const identity = identityOf(claims, settings);
  if (!identity.ok || settings.memberships === undefined) return identity;
  const chosen = typeof claims.org_id === 'string' ? claims.org_id : undefined;
  const { subject } = identity.value;
  return await settings.memberships.complete(identity.value, chosen ?? organisationIn(tokens.access_token, subject));
}

function discover({ kind, issuer, clientId, readSecret }: UpstreamSettings): Promise<openid.Configuration> {
  const insecure = isLoopbackHttp(issuer) ? [openid.allowInsecureRequests] : [];
  return within(DEADLINE, () =>
    openid.discovery(new URL(issuer), clientId, undefined, authenticateWith(readSecret, kind === 'workos'), {
      [openid.customFetch]: boundedFetch,
      timeout: DEADLINE / 1000,
      execute: [openid.enableNonRepudiationChecks, ...insecure],
    }),
  );
}

/**
 * Our own secret at the provider: in the body where it takes that (RFC 8414 section 2), in the header otherwise. The
 * header wants id and secret percent-encoded first (RFC 6749 section 2.3.1), which not every provider undoes. WorkOS
 * takes it in the body only, and its discovery document names no method, which would mean the header
 * (https://workos.com/docs/reference/workos-connect/token, …/metadata/openid-configuration).
 */
function authenticateWith(readSecret: () => Promise<string>, alwaysPost: boolean): openid.ClientAuth {
  let secret: Promise<string> | undefined;
  return async (server, client, body, headers) => {
    secret ??= readSecret();
    const value = await secret;
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const post = alwaysPost || methods.includes('client_secret_post');
    const method = post ? openid.ClientSecretPost(value) : openid.ClientSecretBasic(value);
    await method(server, client, body, headers);
  };
}

async function available<T>(work: () => Promise<T>): Promise<Result<T, IdentityUnavailable>> {
  try {
    return ok(await work());
  } catch (error) {
    return refuse({ reason: 'identity-unavailable', detail: detailOf(error) });
  }
}

/** Not an answer, as opposed to an answer that is not to be believed. */
const NO_ANSWER = new Set<string | undefined>([
  undefined,
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
]);

function failureOf(error: unknown): IdentityRefused | IdentityUnavailable {
  const detail = detailOf(error);
  if (error instanceof openid.ResponseBodyError) {
    const ours = isOurCredential(error) || error.error === 'temporarily_unavailable' || error.error === 'server_error';
    return { reason: ours ? 'identity-unavailable' : 'identity-refused', detail };
  }
  if (error instanceof openid.AuthorizationResponseError) return { reason: 'identity-refused', detail };
  if (error instanceof openid.ClientError && !NO_ANSWER.has(error.code)) return { reason: 'identity-refused', detail };
  return { reason: 'identity-unavailable', detail };
}

/** The provider does not accept this server's own credential: it may have been rotated since it was read. */
function isOurCredential(error: unknown): boolean {
  if (error instanceof openid.WWWAuthenticateChallengeError) return true;
  return error instanceof openid.ResponseBodyError && ['invalid_client', 'unauthorized_client'].includes(error.error);
}

/** For the log: the kind of failure and the library's own words. What the provider wrote is not repeated. */
function detailOf(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) return `token endpoint answered ${error.status} ${error.error}`;
  if (error instanceof openid.ClientError) return `${error.code ?? error.name}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

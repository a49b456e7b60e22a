import { type Context, type Grant, Provider } from 'oidc-provider';
import type { State } from '../state.ts';
import { keysOf } from './keys.ts';
import { createMemoryAdapters } from './memory-adapter.ts';
import { errorPage, PAGE_HEADERS } from './pages.ts';
import { findPerson, PEOPLE } from './people.ts';
import { reshape } from './reshape.ts';
import type { Shape } from './shapes.ts';

/** Where a sign-in page lives; its last segment is the provider's id of the sign-in. */
export const SIGN_IN = '/sign-in/';

export type ProviderOptions = {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly redirectUri: string;
  readonly state: State;
  readonly shape: Shape;
};

/**
 * An OpenID provider with one confidential client and the four people, shaped as the provider that the settings name.
 * It asks for no consent: the authorization server in front of it does, with the scopes that matter.
 */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const { issuer, client, redirectUri, state, shape } = options;
  const keys = await keysOf(state, shape.algorithm);
  const everybody = PEOPLE.map((person) => shape.claimsOf(person));
  const namesIn = (scope: 'openid' | 'profile' | 'email') => [
    ...new Set(everybody.flatMap((claims) => Object.keys(claims[scope]))),
  ];
  const provider = new Provider(issuer, {
    adapter: createMemoryAdapters(),
    routes: shape.routes,
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        // The provider takes client_secret_post from a client that may use client_secret_basic, and the reverse.
        token_endpoint_auth_method: shape.authMethods[0],
        id_token_signed_response_alg: shape.algorithm,
        require_auth_time: true,
      },
    ],
    clientAuthMethods: shape.authMethods,
    enabledJWA: { idTokenSigningAlgValues: [shape.algorithm] },
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub', ...namesIn('openid')], profile: namesIn('profile'), email: namesIn('email') },
    // They all put these claims into the ID token; strict OpenID Connect leaves them to the userinfo endpoint.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    jwks: { keys: [keys.signing] },
    cookies: { keys: keys.cookies },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    ttl: TTL,
    interactions: { url: (_, { uid }) => `${SIGN_IN}${uid}` },
    findAccount: async (_, sub) => {
      const person = findPerson(sub);
      if (person === undefined) return undefined;
      const { openid, profile, email } = shape.claimsOf(person);
      return { accountId: person.login, claims: async () => ({ ...email, ...profile, ...openid, sub: person.login }) };
    },
    loadExistingGrant: grantEverything,
    renderError: async (context, out) => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) context.set(name, value);
      context.body = await errorPage(out.error_description ?? 'The request is not one this provider knows.', out.error);
    },
  });
  reshape(provider, options, keys);
  return provider;
}

/** Seconds. */
const TTL = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  Grant: 3600,
  IdToken: 3600,
  Interaction: 600,
  RefreshToken: 86_400,
  Session: 3600,
};

async function grantEverything({ oidc }: Context): Promise<Grant> {
  const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
  grant.addOIDCScope(oidc.params.scope ?? 'openid');
  await grant.save();
  return grant;
}

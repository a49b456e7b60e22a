import { generateKeyPair, type JsonWebKey, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Context, type Grant, Provider } from 'oidc-provider';
import type { State } from '../state.ts';
import { createMemoryAdapters } from './memory-adapter.ts';
import { errorPage, PAGE_HEADERS } from './pages.ts';
import { claimsOf, findPerson } from './people.ts';

/** Where a sign-in page lives; its last segment is the provider's id of the sign-in. */
export const SIGN_IN = '/sign-in/';

/** Keys that survive a restart, so that a token of an earlier run still verifies and a cookie is still known. */
type Keys = { readonly signing: JsonWebKey; readonly cookies: readonly string[] };

export type ProviderOptions = {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly redirectUri: string;
  readonly state: State;
};

/**
 * An OpenID provider with one confidential client and the four people, whose ID tokens look like those of a Cognito
 * user pool. It asks for no consent: the authorization server in front of it does, with the scopes that matter.
 */
export async function createProvider({ issuer, client, redirectUri, state }: ProviderOptions): Promise<Provider> {
  const keys = state.read<Keys>('identity') ?? (await makeKeys(state));
  return new Provider(issuer, {
    adapter: createMemoryAdapters(),
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        // The provider takes client_secret_post from a client that may use client_secret_basic, and the reverse.
        token_endpoint_auth_method: 'client_secret_basic',
        require_auth_time: true,
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub', 'cognito:username', 'cognito:groups', 'custom:tenant'],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    // Cognito puts every claim into the ID token; strict OpenID Connect leaves them to the userinfo endpoint.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    jwks: { keys: [keys.signing] },
    cookies: { keys: keys.cookies },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    ttl: TTL,
    interactions: { url: (_, { uid }) => `${SIGN_IN}${uid}` },
    findAccount: async (_, sub) => {
      const person = findPerson(sub);
      return person && { accountId: person.login, claims: async () => claimsOf(person) };
    },
    loadExistingGrant: grantEverything,
    renderError: async (context, out) => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) context.set(name, value);
      context.body = await errorPage(out.error_description ?? 'The request is not one this provider knows.', out.error);
    },
  });
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

async function makeKeys(state: State): Promise<Keys> {
  // RS256, as Cognito signs.
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const signing = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
  const keys = { signing, cookies: [randomBytes(32).toString('base64url')] };
  state.write('identity', keys);
  return keys;
}

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, errors, Provider } from 'oidc-provider';
import { createMemoryAdapters } from '../../../infra/local/identity/memory-adapter.ts';

export type OracleClient = { readonly id: string; readonly redirectUris: readonly string[] };

export type OracleOptions = {
  readonly clients: readonly OracleClient[];
  readonly resource: string;
  readonly scopes: readonly string[];
};

/** As much of oidc-provider's models as it takes to put a grant into it without walking a sign-in. */
type Saved = { readonly save: () => Promise<string> };
type Models = {
  readonly Client: { readonly find: (id: string) => Promise<object> };
  readonly Grant: new (
    of: Readonly<Record<string, unknown>>,
  ) => Saved & { readonly addResourceScope: (resource: string, scope: string) => void };
  readonly AuthorizationCode: new (of: Readonly<Record<string, unknown>>) => Saved;
  readonly RefreshToken: new (of: Readonly<Record<string, unknown>>) => Saved;
};

/** What a client was granted, as its code or refresh token stands for it. */
export type Granted = {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly scope: readonly string[];
};

export type Oracle = {
  readonly issuer: string;
  readonly mintCode: (granted: Granted) => Promise<string>;
  readonly mintRefreshToken: (granted: Granted) => Promise<string>;
  readonly close: () => Promise<void>;
};

/**
 * A certified authorization server that was written by somebody else, configured for the same surface as ours: public
 * native clients, PKCE by S256, one resource. Where the two answer alike, two readings of the RFCs agree.
 */
export async function startOracle({ clients, resource, scopes }: OracleOptions): Promise<Oracle> {
  const { promise: ready, resolve } = Promise.withResolvers<Provider>();
  const server = createServer(async (request, response) => (await ready).callback()(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configuration(clients, resource, scopes));
  resolve(provider);

  const models = provider as unknown as Models;
  const granted = async ({ clientId, scope }: Granted) => {
    const grant = new models.Grant({ accountId: 'ada', clientId });
    grant.addResourceScope(resource, scope.join(' '));
    const client = await models.Client.find(clientId);
    const grantId = await grant.save();
    return { client, grantId, accountId: 'ada', scope: scope.join(' '), resource, expiresWithSession: false };
  };
  return {
    issuer,
    mintCode: async (of) => {
      const { redirectUri, challenge: codeChallenge } = of;
      const code = { ...(await granted(of)), redirectUri, codeChallenge, codeChallengeMethod: 'S256' };
      return await new models.AuthorizationCode(code).save();
    },
    mintRefreshToken: async (of) => {
      const token = { ...(await granted(of)), gty: 'authorization_code', rotations: 0 };
      return await new models.RefreshToken(token).save();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function configuration(clients: readonly OracleClient[], resource: string, scopes: readonly string[]): Configuration {
  return {
    adapter: createMemoryAdapters(),
    clients: clients.map(({ id, redirectUris }) => ({
      client_id: id,
      application_type: 'native',
      redirect_uris: redirectUris,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    })),
    clientAuthMethods: ['none'],
    responseTypes: ['code'],
    scopes: ['offline_access', ...scopes],
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, Interaction: 600, RefreshToken: 600 },
    jwks: { keys: [KEY] },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    cookies: { keys: ['a key of the oracle'] },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_: unknown, __: unknown, oneOf?: unknown) => oneOf ?? resource,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_: unknown, requested: string) => {
          if (requested !== resource) throw new errors.InvalidTarget();
          return { scope: scopes.join(' '), audience: resource };
        },
      },
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    // Never reached: nobody signs in at the oracle.
    loadExistingGrant: async () => {
      throw new Error('the oracle has no sessions');
    },
    renderError: async (context, out) => {
      context.type = 'json';
      context.body = out;
    },
  };
}

/** Drawn for each run: without one the oracle announces on the console that it uses a well-known one. */
const KEY = {
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  alg: 'RS256',
  use: 'sig',
};

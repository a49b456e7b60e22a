import { COMMON, type Replay } from '../replay.ts';

const client_id = 'https://chatgpt.com/oauth/g-6f1c2a/client.json';
const redirectUri = 'https://chatgpt.com/connector/oauth/6f1c2a';

const document = {
  client_id,
  client_name: 'ChatGPT',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  token_endpoint_auth_signing_alg: 'RS256',
  jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
};

const common = {
  ...COMMON,
  client: 'ChatGPT',
  discovery: [...COMMON.discovery, '/.well-known/openid-configuration'],
  redirectUri,
  scope: 'challenge and offline_access',
} as const;

export const chatgpt: readonly Replay[] = [
  {
    ...common,
    sends: 'a document for each application, and an RS256 assertion at the token endpoint',
    registers: { kind: 'cimd', document, signs: 'RS256' },
    proves: 'private_key_jwt',
  },
  {
    ...common,
    sends: 'the same document, and nothing at the token endpoint',
    registers: { kind: 'cimd', document, signs: 'RS256' },
  },
  {
    ...common,
    sends: 'a registration with the older callback, and looks for refresh_token in the answer',
    redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
    registers: {
      kind: 'dcr',
      metadata: {
        client_name: 'ChatGPT',
        redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    },
  },
];

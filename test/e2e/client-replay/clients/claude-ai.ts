import { COMMON, type Replay } from '../replay.ts';

const redirectUri = 'https://claude.ai/api/mcp/auth_callback';
const redirect_uris = [redirectUri, 'https://claude.com/api/mcp/auth_callback'];

/** Connectors of claude.ai, desktop and mobile: requests come from Anthropic's servers, the callback is theirs. */
const common = {
  ...COMMON,
  client: 'claude.ai connectors',
  probes: ['GET', 'initialize'],
  redirectUri,
  scope: 'challenge and offline_access',
  prompt: 'consent',
} as const;

const metadata = {
  client_name: 'Claude',
  redirect_uris,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

export const claudeAi: readonly Replay[] = [
  {
    ...common,
    sends: 'its document as client id, offline_access and prompt=consent',
    registers: {
      kind: 'cimd',
      document: {
        ...metadata,
        client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
        client_uri: 'https://claude.ai',
        token_endpoint_auth_method: 'none',
      },
    },
  },
  {
    ...common,
    sends: 'a registration with client_secret_post and extra grant types, where it sees no way to use its document',
    meets: 'connected as a client without a secret, with the grant types both know',
    registers: {
      kind: 'dcr',
      metadata: {
        ...metadata,
        grant_types: [...metadata.grant_types, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        token_endpoint_auth_method: 'client_secret_post',
        scope: 'orders:read tickets:read offline_access',
      },
    },
  },
  {
    ...common,
    sends: 'the callback on claude.com',
    redirectUri: 'https://claude.com/api/mcp/auth_callback',
    registers: {
      kind: 'dcr',
      metadata: { ...metadata, redirect_uris: ['https://claude.com/api/mcp/auth_callback'] },
    },
  },
];

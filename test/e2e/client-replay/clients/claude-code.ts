import { COMMON, type Replay } from '../replay.ts';

const document = {
  client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
  client_name: 'Claude Code',
  client_uri: 'https://claude.ai',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

const common = {
  ...COMMON,
  client: 'Claude Code',
  probes: ['server/discover'],
  redirectUri: 'http://localhost:53682/callback',
  speaks: 'server/discover, then initialize',
  registers: { kind: 'cimd', document },
} as const;

export const claudeCode: readonly Replay[] = [
  {
    ...common,
    sends: 'a document whose loopback addresses have no port, and another port at each login; no resource',
    resource: 'absent',
  },
  {
    ...common,
    sends: 'the other name of loopback',
    redirectUri: 'http://127.0.0.1:49152/callback',
  },
  {
    ...common,
    sends: 'a registration as a native application, on port 3118',
    redirectUri: 'http://localhost:3118/callback',
    registers: {
      kind: 'dcr',
      metadata: {
        client_name: 'Claude Code (gatehouse)',
        redirect_uris: ['http://localhost:3118/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    },
  },
  {
    ...common,
    sends: 'the origin and a slash as resource',
    meets: 'invalid_target, which names the resource that was expected',
    resource: 'origin and a slash',
    refused: { at: 'authorization', error: 'invalid_target', saying: '/mcp' },
  },
  {
    ...common,
    sends: 'the origin alone as resource',
    meets: 'invalid_target, which names the resource that was expected',
    resource: 'origin only',
    refused: { at: 'authorization', error: 'invalid_target', saying: '/mcp' },
  },
];

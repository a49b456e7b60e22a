import { COMMON, type Metadata, type Replay } from '../replay.ts';

const metadata: Metadata = {
  client_name: 'MCP CLI Proxy',
  redirect_uris: ['http://localhost:3334/oauth/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
};
const common = { ...COMMON, client: 'mcp-remote', speaks: '2025-06-18' } as const;

export const mcpRemote: readonly Replay[] = [
  {
    ...common,
    sends: 'a registration it keeps in a file, and at a later login another port than the one it registered',
    redirectUri: 'http://localhost:18227/oauth/callback',
    registers: { kind: 'dcr', metadata },
  },
  {
    ...common,
    sends: 'the other name of loopback than the one it registered',
    meets: 'a page that says so, and no answer to the address: names of loopback are not each other',
    redirectUri: 'http://127.0.0.1:3334/oauth/callback',
    registers: { kind: 'dcr', metadata },
    refused: { at: 'authorization', error: '', saying: 'http://127.0.0.1:3334/oauth/callback' },
  },
];

import { COMMON, type Metadata, type Replay } from '../replay.ts';

const redirectUri = 'cursor://anysphere.cursor-mcp/oauth/callback';
const metadata: Metadata = {
  client_name: 'Cursor',
  redirect_uris: [redirectUri, 'https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

/** One registration for the editor, for its agents on the web and for its command line. */
const common = { ...COMMON, client: 'Cursor', redirectUri } as const;

export const cursor: readonly Replay[] = [
  {
    ...common,
    sends: 'three redirect URIs at once, one of a scheme of its own, as application_type web',
    registers: { kind: 'dcr', metadata: { ...metadata, application_type: 'web' } },
  },
  {
    ...common,
    sends: 'the same without application_type, and comes back to its web address',
    redirectUri: 'https://www.cursor.com/agents/mcp/oauth/callback',
    registers: { kind: 'dcr', metadata },
  },
  {
    ...common,
    sends: 'an address nobody vetted among its own',
    meets: 'invalid_redirect_uri, and no shortened list',
    registers: {
      kind: 'dcr',
      metadata: { ...metadata, redirect_uris: [...metadata.redirect_uris, 'https://cursor.example/callback'] },
    },
    refused: { at: 'registration', error: 'invalid_redirect_uri', saying: 'https://cursor.example/callback' },
  },
];

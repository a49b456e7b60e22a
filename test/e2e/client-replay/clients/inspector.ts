import { COMMON, type Metadata, type Replay } from '../replay.ts';

const page = 'http://localhost:6274';
const redirectUri = `${page}/oauth/callback`;
const metadata: Metadata = {
  client_name: 'MCP Inspector',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
const common = {
  ...COMMON,
  client: 'MCP Inspector',
  redirectUri,
  registers: { kind: 'dcr', metadata },
} as const;

export const inspector: readonly Replay[] = [
  { ...common, sends: 'everything from a page on localhost:6274, so every answer needs CORS', page },
  { ...common, sends: 'revision 2026-07-28 when told to', probes: ['server/discover'], speaks: '2026-07-28', page },
  {
    ...common,
    sends: 'the callback of its command line',
    redirectUri: 'http://127.0.0.1:6276/oauth/callback',
    registers: {
      kind: 'dcr',
      metadata: { ...metadata, redirect_uris: ['http://127.0.0.1:6276/oauth/callback'] },
    },
  },
];

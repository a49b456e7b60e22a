import { COMMON, type Metadata, type Replay } from '../replay.ts';

const metadata: Metadata = {
  client_name: 'Codex',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
const common = { ...COMMON, client: 'Codex CLI', scope: 'offered' } as const;

export const codex: readonly Replay[] = [
  {
    ...common,
    sends: 'its document, any port, every scope there is and offline_access',
    redirectUri: 'http://127.0.0.1:1455/callback',
    registers: {
      kind: 'cimd',
      document: { ...metadata, client_id: 'https://chatgpt.com/oauth/codex/client.json' },
    },
  },
  {
    ...common,
    sends: 'a native registration for a callback with a segment of this one login',
    redirectUri: 'http://127.0.0.1:52719/callback/Zk3vT0pQ',
    registers: {
      kind: 'dcr',
      metadata: {
        ...metadata,
        redirect_uris: ['http://127.0.0.1:52719/callback/Zk3vT0pQ'],
        application_type: 'native',
      },
    },
  },
  {
    ...common,
    sends: 'that segment with a client id from an earlier login',
    meets: 'a page, and no answer to the address: what was registered is another address',
    redirectUri: 'http://127.0.0.1:52719/callback/another',
    registers: {
      kind: 'dcr',
      metadata: { ...metadata, redirect_uris: ['http://127.0.0.1:52719/callback/Zk3vT0pQ'] },
    },
    refused: { at: 'authorization', error: '', saying: 'http://127.0.0.1:52719/callback/another' },
  },
];

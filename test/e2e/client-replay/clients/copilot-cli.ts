import { COMMON, type Replay } from '../replay.ts';

export const copilotCli: readonly Replay[] = [
  {
    ...COMMON,
    client: 'Copilot CLI',
    sends: 'a document that declares port 33418, and another port',
    redirectUri: 'http://127.0.0.1:41207/',
    registers: {
      kind: 'cimd',
      document: {
        client_id: 'https://github.com/copilot/cli/client-metadata.json',
        client_name: 'GitHub Copilot CLI',
        redirect_uris: ['http://127.0.0.1:33418/'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    },
  },
];

import { COMMON, type Replay } from '../replay.ts';

const redirect_uris = [
  'http://127.0.0.1:33418/',
  'http://127.0.0.1/',
  'https://vscode.dev/redirect',
  'https://insiders.vscode.dev/redirect',
];
const metadata = {
  client_name: 'Visual Studio Code',
  redirect_uris,
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
const common = {
  ...COMMON,
  client: 'VS Code',
  discovery: [...COMMON.discovery, '/.well-known/openid-configuration'],
  redirectUri: 'http://127.0.0.1:33418/',
} as const;

export const vscode: readonly Replay[] = [
  {
    ...common,
    sends: 'its document, and the next port because 33418 is busy',
    redirectUri: 'http://127.0.0.1:33419/',
    registers: {
      kind: 'cimd',
      document: {
        ...metadata,
        client_id: 'https://vscode.dev/oauth/client-metadata.json',
        client_uri: 'https://vscode.dev/product',
        application_type: 'native',
      },
    },
  },
  {
    ...common,
    sends: 'a native registration with https addresses among its loopback ones, and the device grant',
    registers: { kind: 'dcr', metadata: { ...metadata, application_type: 'native' } },
  },
  {
    ...common,
    sends: 'the way back by vscode.dev, and a slash after the resource',
    redirectUri: 'https://vscode.dev/redirect',
    resource: 'with a slash',
    registers: { kind: 'dcr', metadata },
  },
];

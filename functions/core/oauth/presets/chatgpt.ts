import type { Preset } from './preset.ts';

const redirectUris = [
  'https://chatgpt.com/connector/oauth/{id}',
  'https://chatgpt.com/connector_platform_oauth_redirect',
];
const keysHost = 'chatgpt.com';

/** Connectors and applications in ChatGPT: one address an application, and the older one that all shared. */
export const chatgpt: Preset = {
  name: 'chatgpt',
  title: 'ChatGPT',
  redirectUris,
  documents: [
    { url: 'https://chatgpt.com/oauth/client.json', redirectUris, keysHost },
    { url: 'https://chatgpt.com/oauth/{id}/client.json', redirectUris, keysHost },
  ],
  source:
    'github.com/danielealbano/android-remote-control-mcp pull 166; github.com/django-oauth/django-oauth-toolkit issue 1845',
  checked: '2026-11-22',
};

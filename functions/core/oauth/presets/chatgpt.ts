import type { Preset } from './preset.ts';

/** Connectors and applications in ChatGPT: one address an application, and the older one that all shared. */
export const chatgpt: Preset = {
  name: 'chatgpt',
  title: 'ChatGPT',
  redirectUris: ['https://chatgpt.com/connector/oauth/{id}', 'https://chatgpt.com/connector_platform_oauth_redirect'],
  source: 'github.com/danielealbano/android-remote-control-mcp pull 166',
  checked: '2026-11-22',
};

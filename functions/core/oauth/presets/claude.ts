import type { Preset } from './preset.ts';

/** Connectors on claude.ai, in the desktop and in the mobile application, and Claude Code on this computer. */
export const claude: Preset = {
  name: 'claude',
  title: 'Claude',
  redirectUris: [
    'https://claude.ai/api/mcp/auth_callback',
    'https://claude.com/api/mcp/auth_callback',
    'http://localhost/callback',
    'http://127.0.0.1/callback',
  ],
  documents: [
    {
      url: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      redirectUris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
      // Its host answers data centres with a challenge page (github.com/anthropics/claude-ai-mcp issue 650).
      pinned: JSON.stringify({
        client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
        client_name: 'Claude',
        client_uri: 'https://claude.ai',
        redirect_uris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      }),
    },
    {
      url: 'https://claude.ai/oauth/claude-code-client-metadata',
      redirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      pinned: JSON.stringify({
        client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
        client_name: 'Claude Code',
        client_uri: 'https://claude.ai',
        redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      }),
    },
  ],
  source: 'support.claude.com article 11503834; github.com/anthropics/claude-code issues 37747 and 86233',
  checked: '2026-11-22',
};

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
  source: 'support.claude.com article 11503834; github.com/anthropics/claude-code issues 37747 and 86233',
  checked: '2026-11-22',
};

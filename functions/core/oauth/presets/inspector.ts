import type { Preset } from './preset.ts';

/** MCP Inspector 2.x: its web page, and its command line. */
export const inspector: Preset = {
  name: 'inspector',
  title: 'MCP Inspector',
  redirectUris: ['http://localhost:6274/oauth/callback', 'http://127.0.0.1:6276/oauth/callback'],
  source: 'github.com/modelcontextprotocol/modelcontextprotocol pull 3143',
  checked: '2026-11-22',
};

import type { Preset } from './preset.ts';

/** The bridge for hosts that only speak stdio. 3334 is its first choice of port. */
export const mcpRemote: Preset = {
  name: 'mcp-remote',
  title: 'mcp-remote',
  redirectUris: ['http://localhost:3334/oauth/callback'],
  source: 'github.com/geelen/mcp-remote',
  checked: '2026-11-22',
};

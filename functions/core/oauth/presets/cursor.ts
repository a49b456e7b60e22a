import type { Preset } from './preset.ts';

/** Cursor registers all three in one call, and refusing one of them refuses Cursor. */
export const cursor: Preset = {
  name: 'cursor',
  title: 'Cursor',
  redirectUris: [
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'https://www.cursor.com/agents/mcp/oauth/callback',
    'http://localhost:8787/callback',
  ],
  source: 'cursor.com/docs/mcp; github.com/erp-mafia/accounted pull 2225; github.com/bytebase/bytebase issue 20510',
  checked: '2026-11-22',
};

import type { Preset } from './preset.ts';

const redirectUris = ['http://127.0.0.1/callback', 'http://127.0.0.1/callback/{id}'];

/** Codex in the terminal: any port, and in newer versions a segment of its own for every login. */
export const codex: Preset = {
  name: 'codex',
  title: 'Codex',
  redirectUris,
  documents: [{ url: 'https://chatgpt.com/oauth/codex/client.json', redirectUris }],
  source: 'github.com/openai/codex issues 31573 and 33354; github.com/anomalyco/opencode pull 47737',
  checked: '2026-11-22',
};

import type { Preset } from './preset.ts';

/** GitHub Copilot in the terminal. It declares port 33418 and then uses any. */
export const copilotCli: Preset = {
  name: 'copilot-cli',
  title: 'Copilot CLI',
  redirectUris: ['http://127.0.0.1:33418/'],
  documents: [
    { url: 'https://github.com/copilot/cli/client-metadata.json', redirectUris: ['http://127.0.0.1:33418/'] },
  ],
  source: 'github.com/copilot/cli/client-metadata.json; github.com/github/copilot-cli issue 4793',
  checked: '2026-11-22',
};

import type { Preset } from './preset.ts';

const redirectUris = [
  'http://127.0.0.1:33418/',
  'http://127.0.0.1/',
  'https://vscode.dev/redirect',
  'https://insiders.vscode.dev/redirect',
];

/** Visual Studio Code. It takes another port when 33418 is busy. */
export const vscode: Preset = {
  name: 'vscode',
  title: 'VS Code',
  redirectUris,
  documents: [{ url: 'https://vscode.dev/oauth/client-metadata.json', redirectUris }],
  source: 'github.com/microsoft/vscode src/vs/base/common/oauth.ts, issue 298300',
  checked: '2026-11-22',
};

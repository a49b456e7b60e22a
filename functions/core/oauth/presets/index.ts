import { chatgpt } from './chatgpt.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { copilotCli } from './copilot-cli.ts';
import { cursor } from './cursor.ts';
import { inspector } from './inspector.ts';
import { mcpRemote } from './mcp-remote.ts';
import type { Preset } from './preset.ts';
import { vscode } from './vscode.ts';

export type { Preset } from './preset.ts';

/** Every preset there is. */
export const PRESETS: readonly Preset[] = [claude, chatgpt, cursor, vscode, copilotCli, codex, inspector, mcpRemote];

/**
 * The presets that the operator enabled.
 *
 * @throws Error naming a preset that does not exist: a misspelt name must not quietly close a door.
 */
export function presetsNamed(names: readonly string[]): readonly Preset[] {
  return names.map((name) => {
    const preset = PRESETS.find((known) => known.name === name);
    if (preset === undefined) {
      throw new Error(`"${name}" is no vetted client; there are: ${PRESETS.map((known) => known.name).join(', ')}`);
    }
    return preset;
  });
}

import type { Replay } from '../replay.ts';
import { chatgpt } from './chatgpt.ts';
import { claudeAi } from './claude-ai.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilotCli } from './copilot-cli.ts';
import { cursor } from './cursor.ts';
import { inspector } from './inspector.ts';
import { mcpRemote } from './mcp-remote.ts';
import { vscode } from './vscode.ts';

/** Every client that is replayed, in the order of the table in README.md. */
export const REPLAYS: readonly Replay[] = [
  claudeAi,
  claudeCode,
  chatgpt,
  cursor,
  vscode,
  copilotCli,
  inspector,
  mcpRemote,
  codex,
].flat();

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { leftOut } from './deployed-suite.ts';
import { freeTriple } from './free-ports.ts';

/** The stack that end-to-end tests talk to: the local one, or the deployed one that `MCP_URL` names. */
export type RunningStack = {
  readonly issuer: string;
  readonly mcpUrl: string;
  /** Where the command `gatehouse` finds the local stack. */
  readonly stateDirectory?: string;
  /** The file with the outputs of the deployed one, from `E2E_OUTPUTS`. */
  readonly outputs?: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    readonly stack: RunningStack;
  }
}

const READY_MS = 120_000;

/**
 * Vitest's global set-up: starts `gatehouse start` on free ports with state of its own, by the command the README gives,
 * and stops it at the end. With `MCP_URL` nothing is started, and what cannot be asked from outside is named.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { MCP_URL, E2E_OUTPUTS } = process.env;
  if (MCP_URL) {
    for (const { file, reason } of leftOut()) process.stdout.write(`skipped  ${file}: ${reason}\n`);
    const { origin: issuer } = new URL(MCP_URL);
    project.provide('stack', { issuer, mcpUrl: MCP_URL, ...(E2E_OUTPUTS && { outputs: E2E_OUTPUTS }) });
    return undefined;
  }
  const stateDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
  chmodSync(stateDirectory, 0o755);
  const port = await freeTriple();
  const child = spawn(process.execPath, ['infra/cli/gatehouse.mjs', 'start', '--no-watch'], {
    env: { ...process.env, PORT: String(port), GATEHOUSE_STATE: stateDirectory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await ready(child).catch((error: unknown) => {
    child.kill('SIGINT');
    throw error;
  });
  const issuer = `http://localhost:${port}`;
  project.provide('stack', { issuer, mcpUrl: `${issuer}/mcp`, stateDirectory });
  return async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
    rmSync(stateDirectory, { recursive: true, force: true });
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`not ready after ${READY_MS} ms:\n${said}`)), READY_MS);
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (!/^ {2}MCP server {3}http:\/\/localhost:\d+\/mcp/m.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the stack ended with code ${code} before it was ready:\n${said}`));
    });
  });
}

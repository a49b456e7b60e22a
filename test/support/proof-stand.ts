import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Proof } from '../../functions/core/audit/prove.ts';
import { type Database, openDatabase } from '../../infra/local/aws/dynamodb/database.ts';
import { type Cloud, startCloud } from '../../infra/local/cloud.ts';
import { gatehouse, type Said } from '../attacks/support/l-operator.ts';
import { freeTriple } from './free-ports.ts';
import { modernMessage, postMcp } from './mcp-wire.ts';
import { signedIn } from './signed-in.ts';

/** A stack of its own with calls in its audit log, the public key in a file, and a first export of it in `export`. */
export type ProofStand = {
  readonly cloud: () => Cloud;
  readonly path: (...parts: readonly string[]) => string;
  /** `gatehouse audit …` against this stack. */
  readonly run: (...args: readonly string[]) => Promise<Said>;
  /** `gatehouse audit verify --json …`, which must look: its report and its exit code. */
  readonly proven: (...args: readonly string[]) => Promise<Proof & { readonly code: number }>;
  /** The arguments that give the public key. */
  readonly key: readonly string[];
  /** Four tool calls, of which one writes and one is of no tool. */
  readonly calls: () => Promise<void>;
  /** The lines of a file of an export. */
  readonly linesIn: (name: string, file: string) => string[];
  /** Changes the table as nobody can through the endpoint: its files, while the stack stands still. */
  readonly offline: (change: (database: Database, table: string) => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function startProofStand(): Promise<ProofStand> {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-proof-'));
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(home, 0o755);
  const path = (...parts: readonly string[]) => join(home, ...parts);
  const directory = path('state');
  const run = (...args: readonly string[]) => gatehouse(directory, 'audit', ...args);
  let cloud = await started(directory);
  const client = { name: 'VS Code', redirectUri: 'http://127.0.0.1:33418/' };
  const scope = 'orders:read tickets:read tickets:write';
  const { accessToken } = await signedIn(cloud.issuer, { as: 'ada', client, scope });
  const calls = async () => {
    const made = [
      { name: 'search_orders', arguments: {} },
      { name: 'whoami', arguments: {} },
      { name: 'add_ticket_note', arguments: { ticketId: 'T-301', body: 'Called back.' } },
      { name: 'no_such_tool', arguments: {} },
    ];
    for (const params of made) await postMcp(cloud.mcpUrl, modernMessage('tools/call', params), accessToken);
  };
  await calls();
  writeFileSync(path('key.pem'), (await run('key')).stdout);
  const exported = await run('export', '--out', path('export'));
  if (exported.code !== 0) throw new Error(exported.stderr);
  return {
    cloud: () => cloud,
    path,
    run,
    proven: async (...args) => {
      const { code, stdout, stderr } = await run('verify', '--json', ...args);
      if (stderr !== '') throw new Error(stderr);
      return { ...(JSON.parse(stdout) as Proof), code };
    },
    key: ['--pubkey', path('key.pem')],
    calls,
    linesIn: (name, file) => readFileSync(path(name, file), 'utf8').trimEnd().split('\n'),
    offline: async (change) => {
      const { outputs } = JSON.parse(readFileSync(join(directory, 'running.json'), 'utf8'));
      await cloud.close();
      const database = await openDatabase(join(directory, 'dynamodb'));
      await change(database, outputs.AuditTableName);
      await database.close();
      cloud = await started(directory);
    },
    close: async () => {
      await cloud.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function started(directory: string): Promise<Cloud> {
  const gateway = await freeTriple();
  const ports = { gateway, identity: gateway + 1, aws: gateway + 2 };
  return startCloud({ checkout: process.cwd(), directory, ports });
}

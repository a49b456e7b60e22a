import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, type CloudOptions, startCloud } from '../../infra/local/cloud.ts';
import { freeTriple } from './free-ports.ts';

export type OwnCloud = Cloud & { readonly directory: string };

/** A local cloud in this very process, for tests that look behind it: credentials, call counts, faults. */
export async function startOwnCloud(options: Partial<CloudOptions> = {}): Promise<OwnCloud> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-own-'));
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(directory, 0o755);
  const gateway = await freeTriple();
  const ports = { gateway, identity: gateway + 1, aws: gateway + 2 };
  const cloud = await startCloud({ checkout: process.cwd(), directory, ports, ...options });
  return {
    ...cloud,
    directory,
    close: async () => {
      await cloud.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

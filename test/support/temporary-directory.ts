import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PREFIX = 'gatehouse-tests-';

/**
 * Vitest's global set-up: a temporary directory of this run, which goes with it. The CDK, browsers and emulators leave
 * files there, and tests that are stopped cannot clean up.
 */
export function setup(): void {
  if (basename(tmpdir()).startsWith(PREFIX)) return;
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  // PostgreSQL does not run as root: what root starts for it is another user's.
  chmodSync(directory, 0o755);
  process.env.TMPDIR = directory;
  // And not when the set-up is torn down: the stack that runs for several projects may still be stopping then.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
}
